//! Fills a provider through the doors that operators have.

use std::fmt::Write as _;
use std::time::Instant;

use crate::crowd;
use crate::house::House;

/// The most rows that one file may have.
const ROWS: usize = 5_000;
/// How often the filling says how far it is.
const SAY_AFTER: usize = 100_000;
/// Everybody's.
pub const PASSWORD: &str = "purple otter drumming";
/// The same as another system kept it (bcrypt): whoever has one is sent no invitation.
const HASH: &str = "$2y$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu";

/// Registers the services from one file; how many seconds that took, and how many it took to find that the same file
/// changes nothing.
pub fn services(house: &House, services: usize) -> (f64, f64) {
    let mut file = String::new();
    for service in (0..services).map(crowd::service) {
        let settings = format!("redirect_uris = [\"{}\"]", service.redirect_uri());
        let (id, name) = (service.id, service.name);
        let _ = write!(file, "[services.{id}]\nname = \"{name}\"\n[services.{id}.settings]\n{settings}\n\n");
    }
    std::fs::write(house.path("services.toml"), file).expect("a file");
    let began = Instant::now();
    house.must(&["apply", "services.toml", "--yes"], "");
    let applied = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let said = house.must(&["apply", "services.toml", "--yes"], "");
    assert!(said.contains("No changes: everything already matches the file"), "{said}");
    (applied, began.elapsed().as_secs_f64())
}

/// Adds the people, file after file; how many seconds that took.
pub fn people(house: &House, people: usize) -> f64 {
    let began = Instant::now();
    let mut done = 0;
    while done < people {
        let rows = ROWS.min(people - done);
        let mut file = "name,email,organisation,password_hash\n".to_owned();
        for person in (done..done + rows).map(crowd::person) {
            let crowd::Person { first, surname, organisation, email } = person;
            let _ = writeln!(file, "{first} {surname},{email},{organisation},{HASH}");
        }
        let said = house.must(&["user", "import", "-", "--yes"], &file);
        assert!(said.replace(',', "").contains(&format!("{rows} people added")), "{said}");
        done += rows;
        if done % SAY_AFTER == 0 {
            println!("{done} of {people} people after {:.0} s", began.elapsed().as_secs_f64());
        }
    }
    began.elapsed().as_secs_f64()
}
