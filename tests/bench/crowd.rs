//! A county's people and services, the same in every run: each follows from its number alone.

/// Somebody who works at a school.
pub struct Person {
    pub first: &'static str,
    pub surname: String,
    pub organisation: String,
    pub email: String,
}

pub struct Service {
    pub id: String,
    pub name: String,
}

impl Service {
    pub fn redirect_uri(&self) -> String {
        format!("https://{}.example/callback", self.id)
    }
}

/// The name that most people have.
pub const COMMONEST: (&str, &str) = (FIRST_NAMES[0], SURNAMES[0]);
/// A word that is in everybody's email.
pub const COUNTY: &str = "westmarchshire";

const FIRST_NAMES: &[&str] = &[
    "Olivia",
    "Emma",
    "Amelia",
    "Isla",
    "Freya",
    "Lily",
    "Zoë",
    "Chloë",
    "Siân",
    "Aoife",
    "Fatima",
    "Aisha",
    "Priya",
    "Grace",
    "Poppy",
    "Elsie",
    "Maya",
    "Hannah",
    "Megan",
    "Rhiannon",
    "Kirsty",
    "Agnieszka",
    "Noah",
    "Oliver",
    "George",
    "Arthur",
    "Muhammad",
    "Leo",
    "Harry",
    "Oscar",
    "Archie",
    "Henry",
    "Theo",
    "Seán",
    "Rhys",
    "Hamish",
    "Callum",
    "Ravi",
    "Kwame",
    "Tomasz",
    "Yusuf",
    "Daniel",
    "Samuel",
    "Joseph",
];
const SURNAMES: &[&str] = &[
    "Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "Robinson",
    "Wright", "Thompson", "Evans", "Walker", "White", "Roberts", "Green", "Hall", "Wood", "Jackson",
    "Clarke", "Khan", "Ali", "Hussain", "O'Brien", "Murphy", "Kelly", "Campbell", "Begum", "Singh",
];
/// Of every hundred people, how many have one of the [`SURNAMES`]; the others' are put together.
const COMMONLY_NAMED: usize = 40;
const BEGINNINGS: &[&str] = &[
    "Ash", "Bram", "Cald", "Dray", "East", "Farn", "Gar", "Hather", "Ing", "Ket", "Lang", "Mar", "Nether",
    "Oak", "Pem", "Rother", "Shel", "Thorn", "Under", "Wal",
];
const MIDDLES: &[&str] =
    &["", "al", "en", "er", "ing", "le", "man", "mer", "ra", "ring", "ser", "stan", "ter", "ven", "wer"];
const ENDINGS: &[&str] = &[
    "bank", "bourne", "bridge", "brook", "by", "combe", "cote", "croft", "dale", "den", "field", "ford",
    "gate", "ham", "hurst", "ley", "low", "mere", "shaw", "stead", "stone", "thorpe", "ton", "wick", "worth",
];
const SCHOOLS: usize = 5_000;
const KINDS: &[&str] =
    &["Primary School", "Infant School", "Junior School", "Academy", "High School", "Nursery"];
const TASKS: &[&str] = &[
    "Admissions",
    "Adult Learning",
    "Allotments",
    "Attendance",
    "Behaviour Support",
    "Blue Badges",
    "Bookings",
    "Careers",
    "Catering",
    "Children's Services",
    "Clinics",
    "Early Years",
    "Exams",
    "Foster Carers",
    "Fostering",
    "Free Meals",
    "Governors",
    "Health Visitors",
    "Home Education",
    "Housing",
    "Inspections",
    "Job Shop",
    "Library",
    "Licensing",
    "Lunch Money",
    "Music Lessons",
    "Newsletters",
    "Out of School",
    "Parent Portal",
    "Payroll",
    "Planning",
    "Referrals",
    "Registers",
    "Reports",
    "Rooms",
    "Safeguarding",
    "School Trips",
    "Special Needs",
    "Staff Rota",
    "Transport",
];

pub fn person(number: usize) -> Person {
    let mut draw = Draw(number as u64);
    let first = draw.mostly_early(FIRST_NAMES);
    let surname = match draw.below(100) {
        hundredth if hundredth < COMMONLY_NAMED => draw.mostly_early(SURNAMES).to_owned(),
        _ => format!("{}{}{}", draw.one(BEGINNINGS), draw.one(MIDDLES), draw.one(ENDINGS)),
    };
    let school = draw.below(SCHOOLS);
    let (town, kind) = (town(school / KINDS.len()), KINDS[school % KINDS.len()]);
    let mailbox = format!("{}.{}{number}", plain(first), plain(&surname));
    let email = format!("{mailbox}@{}.{COUNTY}.example", dashed(&format!("{town} {kind}")));
    Person { first, surname, organisation: format!("{town} {kind}"), email }
}

pub fn service(number: usize) -> Service {
    let name = format!("{} {}", TASKS[number % TASKS.len()], town(number / TASKS.len()));
    Service { id: dashed(&name), name }
}

/// Each number has its own.
fn town(number: usize) -> String {
    let (ending, rest) = (ENDINGS[number % ENDINGS.len()], number / ENDINGS.len());
    let (beginning, more) = (BEGINNINGS[rest % BEGINNINGS.len()], rest / BEGINNINGS.len());
    if more == 0 { format!("{beginning}{ending}") } else { format!("{beginning}{ending} {more}") }
}

/// The letters that an address can have.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn dashed(name: &str) -> String {
    name.split(' ').map(plain).collect::<Vec<_>>().join("-")
}

/// Numbers that seem drawn by lot (SplitMix64), and are the same for the same beginning.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("a small number")
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }

    fn mostly_early(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len()).min(self.below(of.len()))]
    }
}
