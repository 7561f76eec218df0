//! The wording that partners know stands word for word where they expect it.

use super::every_page;
use super::html::Document;

/// Each seed string with the page that must show it. S01 is the name of the service, S02 belongs to the portal.
const SEED: &[(&str, &str, &str)] = &[
    ("S01", "login", "Children's Services Portal"),
    ("S03", "login", "Welcome to the Children's Services Portal"),
    (
        "S04",
        "login",
        "If you are worried about the safety or wellbeing of a child or young person, please contact us.",
    ),
    ("S05", "login", "Secure login – step 1"),
    ("S06", "login", "Email"),
    ("S07", "login", "Password"),
    ("S08", "login", "Submit"),
    (
        "S09",
        "login",
        "For additional security, we will confirm your account by sending an authentication code to your email \
         address.",
    ),
    ("S10", "login", "Forgotten password?"),
    ("S11", "login", "Cancel"),
    ("S12", "login_code", "Secure login – step 2"),
    (
        "S13",
        "login_code",
        "We have just sent you an email to confirm your account. Please enter the code this contains below.",
    ),
    ("S14", "login_code", "If you can't find this email, it may be in your spam/junk email folder."),
    ("S15", "login_code", "Code"),
    ("S16", "login_code", "1234 5678"),
    ("S17", "login_code", "Finish"),
    ("S18", "login_code", "Please send me a new code"),
    ("S11", "login_code", "Cancel"),
    ("S19", "welcome", "Welcome, Alex Example."),
    (
        "S20",
        "welcome",
        "You have been successfully logged in. Please use the button below to return to the Children's Services \
         Portal home page.",
    ),
    ("S21", "welcome", "Return to Home"),
    ("S22", "reset_email", "Reset password - step 1"),
    ("S23", "reset_email", "Next"),
    ("S11", "reset_email", "Cancel"),
    ("S24", "reset_code", "Reset password - step 2"),
    (
        "S25",
        "reset_code",
        "We've just sent you an email to confirm your email address. Please enter the code in this email below.",
    ),
    (
        "S26",
        "reset_code",
        "If you can't find an email, it may be in your Spam/Junk email folder or the email address provided is \
         not registered with us.",
    ),
    ("S11", "reset_code", "Cancel"),
    ("S27", "reset_password", "Reset password - step 3"),
    ("S28", "reset_password", "Please enter your new password"),
    ("S29", "reset_password", "Your new password"),
    ("S30", "reset_password", "Confirm password"),
    ("S17", "reset_password", "Finish"),
    ("S11", "reset_password", "Cancel"),
];

#[test]
fn the_words_of_the_guide_stand_on_their_pages() {
    let pages = every_page();
    for (id, page, words) in SEED {
        let file = format!("pages/{page}.html");
        let mut shown = pages.iter().filter(|rendered| rendered.file == file).peekable();
        assert!(shown.peek().is_some(), "{id}: there is no {file}");
        for rendered in shown {
            let text = Document::read(&rendered.html).text_of(|e| e.name == "body").unwrap();
            assert!(text.contains(words), "{id} is not on {file}: {text}");
        }
    }
}

#[test]
fn every_seed_string_but_the_portals_own_is_checked() {
    for number in (1..=30).filter(|number| *number != 2) {
        let id = format!("S{number:02}");
        assert!(SEED.iter().any(|(seed, ..)| *seed == id), "{id}");
    }
}

#[test]
fn the_contact_page_says_whom_to_call_when_a_child_is_in_danger() {
    for rendered in every_page().iter().filter(|rendered| rendered.file == "pages/contact.html") {
        let text = Document::read(&rendered.html).text_of(|e| e.name == "main").unwrap();
        assert!(text.contains("If a child or young person is in immediate danger, call 999."));
    }
}
