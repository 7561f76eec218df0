//! Colours that people can read are accepted, others refused with their contrast.

use crate::view::{Colours, brand_css};

fn colours(brand: &str, on_brand: &str, action: &str, on_action: &str) -> Colours {
    Colours::parse([brand, on_brand, action, on_action]).unwrap()
}

#[test]
fn contrast_decides_which_colours_may_stand_together() {
    let cases = [
        (colours("#173f4e", "#ffffff", "#0b6359", "#ffffff"), Ok(())),
        (colours("#000000", "#ffffff", "#ffcc00", "#000000"), Ok(())),
        (
            colours("#ffcc00", "#ffffff", "#0b6359", "#ffffff"),
            Err("White text on #ffcc00 has a contrast of 1.5 to 1. It must be 4.5 to 1 or more"),
        ),
        (
            colours("#173f4e", "#ffffff", "#777777", "#ffffff"),
            Err("White text on #777777 has a contrast of 4.4 to 1. It must be 4.5 to 1 or more"),
        ),
        (
            colours("#173f4e", "#333333", "#0b6359", "#ffffff"),
            Err("#333333 text on #173f4e has a contrast of 1.1 to 1. It must be 4.5 to 1 or more"),
        ),
        (
            colours("#ffcc00", "#000000", "#0b6359", "#ffffff"),
            Err("#ffcc00 on white has a contrast of 1.5 to 1. It must be 3 to 1 or more"),
        ),
    ];
    for (colours, expected) in cases {
        assert_eq!(colours.check(), expected.map_err(str::to_owned), "{colours:?}");
    }
}

#[test]
fn only_six_hexadecimal_digits_are_a_colour() {
    let parse = |text| Colours::parse(["#173f4e", "#ffffff", text, "#ffffff"]);
    assert_eq!(parse("#0B6359"), parse("#0b6359"));
    for text in ["", "#", "0b6359", "#0b635", "#0b63590", "#0b635g", "#+b6359", "teal", "#fff;}body{x:y"] {
        let expected = "is not a colour. Write # and six hexadecimal digits, for example #0b6359";
        assert_eq!(parse(text), Err(format!("{text} {expected}")));
    }
}

#[test]
fn the_stylesheet_sets_the_four_colours_and_nothing_else() {
    let css = brand_css(&colours("#173f4e", "#ffffff", "#0b6359", "#fefefe"));
    assert_eq!(css, ":root{--brand:#173f4e;--on-brand:#ffffff;--action:#0b6359;--on-action:#fefefe}\n");
}
