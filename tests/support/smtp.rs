//! A mail server for tests that follows a script.
//!
//! It listens on 127.0.0.1, gives each connection a thread, keeps every letter it accepted and every line it
//! was told, and misbehaves on demand: one [`Act`] a connection, the last one for all that follow.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Name};

/// Where in a conversation an [`Act`] takes place: just before the server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Banner,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the last line of a letter.
    End,
}

/// What the server does on one connection.
#[derive(Clone, Copy)]
pub enum Act {
    /// Everything as it should be.
    Accept,
    /// Says this instead; what does not begin with 2 or 3 is a refusal.
    Answer(Stage, &'static str),
    /// Answers only after a while.
    Wait(Stage, Duration),
    /// Closes the connection instead of answering.
    HangUp(Stage),
}

/// Whether and how the server encrypts.
#[derive(Clone)]
pub enum Encryption {
    /// Not at all; STARTTLS is not offered.
    Absent,
    /// On STARTTLS.
    Upgraded(Certificate),
    /// From the first byte.
    Immediate(Certificate),
}

/// A certificate that its own key has signed, with that key.
#[derive(Clone)]
pub struct Certificate {
    certificate: X509,
    key: PKey<Private>,
}

impl Certificate {
    /// For a host name, from a month ago for so many days.
    pub fn for_host(host: &str, days: i64) -> Self {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
        let key = PKey::from_ec_key(EcKey::generate(&curve).expect("a key")).expect("a key");
        let mut name = X509Name::builder().expect("a name");
        name.append_entry_by_text("CN", host).expect("a name");
        let name = name.build();
        let start = now() - 30 * 86_400;
        let mut builder = X509::builder().expect("a builder");
        builder.set_version(2).expect("version 3");
        let serial = BigNum::from_u32(1).and_then(|number| number.to_asn1_integer()).expect("a number");
        builder.set_serial_number(&serial).expect("a number");
        builder.set_subject_name(&name).expect("a name");
        builder.set_issuer_name(&name).expect("a name");
        builder.set_pubkey(&key).expect("a key");
        builder.set_not_before(&Asn1Time::from_unix(start).expect("a time")).expect("a time");
        builder.set_not_after(&Asn1Time::from_unix(start + days * 86_400).expect("a time")).expect("a time");
        let names = SubjectAlternativeName::new().dns(host).build(&builder.x509v3_context(None, None));
        builder.append_extension(names.expect("an extension")).expect("an extension");
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        Self { certificate: builder.build(), key }
    }

    /// The certificate as it is written in a CA file.
    pub fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().expect("a certificate")
    }

    fn acceptor(&self) -> SslAcceptor {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("an acceptor");
        builder.set_private_key(&self.key).expect("a key");
        builder.set_certificate(&self.certificate).expect("a certificate");
        builder.build()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the validity of a certificate is judged by the machine's clock"
)]
fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    elapsed.as_secs().try_into().expect("a time")
}

/// A letter that the server took responsibility for.
#[derive(Clone)]
pub struct Mail {
    /// As given with MAIL FROM.
    pub from: String,
    /// As given with RCPT TO.
    pub to: Vec<String>,
    /// The letter to the byte, without the transparency dots.
    pub raw: String,
}

impl Mail {
    /// The headers in their order, unfolded and decoded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let split = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header is a name and a value");
            (name.to_owned(), decode_words(value))
        };
        unfolded.split("\r\n").map(split).collect()
    }

    pub fn subject(&self) -> String {
        let subject = self.headers().into_iter().find(|(name, _)| name == "Subject");
        subject.map(|(_, value)| value).unwrap_or_default()
    }

    /// The decoded part of a type such as `text/plain`, with its line ends as plain line feeds.
    pub fn part(&self, kind: &str) -> String {
        let start = self.raw.find(&format!("Content-Type: {kind}")).expect("the part is there");
        let (_, body) = self.raw[start..].split_once("\r\n\r\n").expect("the part has a body");
        decode_quoted(body.split("\r\n--").next().unwrap_or_default()).replace("\r\n", "\n")
    }
}

/// Decodes base64 encoded words (RFC 2047), which are the only ones that our letters use.
fn decode_words(value: &str) -> String {
    let joined = value.replace("?= =?", "?==?");
    let mut pieces = joined.split("=?utf-8?b?");
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (word, rest) = piece.split_once("?=").expect("an encoded word ends");
        let bytes = openssl::base64::decode_block(word).expect("an encoded word is base64");
        decoded.push_str(&String::from_utf8(bytes).expect("an encoded word is UTF-8"));
        decoded.push_str(rest);
    }
    decoded
}

/// Decodes quoted-printable text (RFC 2045, section 6.7).
fn decode_quoted(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("a quoted byte is two hexadecimal digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("the text is UTF-8")
}

/// What happened at the server.
#[derive(Default)]
struct Record {
    mails: Vec<Mail>,
    heard: String,
    connections: usize,
}

/// A running server; its threads end with the test's process.
pub struct SmtpServer {
    port: u16,
    record: Arc<Mutex<Record>>,
}

impl SmtpServer {
    /// On a free port.
    pub fn start(encryption: Encryption, script: &[Act]) -> Self {
        Self::start_at(0, encryption, script)
    }

    pub fn start_at(port: u16, encryption: Encryption, script: &[Act]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let record = Arc::new(Mutex::new(Record::default()));
        let (script, shared) = (script.to_vec(), Arc::clone(&record));
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let act = script.get(index).or(script.last()).copied().unwrap_or(Act::Accept);
                let (encryption, record) = (encryption.clone(), Arc::clone(&shared));
                record.lock().expect("the record").connections += 1;
                // A client that breaks off ends its own connection, never the server.
                thread::spawn(move || Connection::open(stream?, encryption, act, record)?.converse());
            }
        });
        Self { port, record }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The letters taken so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.record.lock().expect("the record").mails.clone()
    }

    /// Every line that any client said, encrypted or not.
    pub fn heard(&self) -> String {
        self.record.lock().expect("the record").heard.clone()
    }

    pub fn connections(&self) -> usize {
        self.record.lock().expect("the record").connections
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

struct Connection {
    tcp: TcpStream,
    wire: BufReader<Box<dyn Wire>>,
    /// What STARTTLS would lead to.
    upgrade: Option<SslAcceptor>,
    act: Act,
    record: Arc<Mutex<Record>>,
}

impl Connection {
    fn open(
        tcp: TcpStream,
        encryption: Encryption,
        act: Act,
        record: Arc<Mutex<Record>>,
    ) -> io::Result<Self> {
        let plain: Box<dyn Wire> = Box::new(tcp.try_clone()?);
        let (wire, upgrade) = match encryption {
            Encryption::Absent => (plain, None),
            Encryption::Upgraded(certificate) => (plain, Some(certificate.acceptor())),
            Encryption::Immediate(certificate) => (encrypt(&certificate.acceptor(), &tcp)?, None),
        };
        Ok(Self { tcp, wire: BufReader::new(wire), upgrade, act, record })
    }

    fn converse(mut self) -> io::Result<()> {
        self.answer(Stage::Banner, "220 mail.example.gov.uk ESMTP")?;
        let mut mail = Mail { from: String::new(), to: Vec::new(), raw: String::new() };
        loop {
            let line = self.hear()?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.greet()?,
                "STARTTLS" => self.start_tls()?,
                "AUTH" => drop(self.answer(Stage::Auth, "235 2.7.0 Welcome")?),
                "MAIL" => {
                    mail = Mail { from: in_brackets(&line), to: Vec::new(), raw: String::new() };
                    self.answer(Stage::Mail, "250 2.1.0 Fine")?;
                }
                "RCPT" => {
                    if self.answer(Stage::Rcpt, "250 2.1.5 Fine")? {
                        mail.to.push(in_brackets(&line));
                    }
                }
                "DATA" => {
                    if self.answer(Stage::Data, "354 Go ahead")? {
                        mail.raw = self.hear_letter()?;
                        self.settle(mail.clone())?;
                    }
                }
                "NOOP" => self.say("250 2.0.0 Fine")?,
                "QUIT" => return self.say("221 2.0.0 Goodbye"),
                _ => self.say("500 5.5.1 What?")?,
            }
        }
    }

    fn greet(&mut self) -> io::Result<()> {
        let offer = if self.upgrade.is_some() { "STARTTLS" } else { "AUTH PLAIN LOGIN" };
        self.say(&format!("250-mail.example.gov.uk\r\n250 {offer}"))
    }

    fn start_tls(&mut self) -> io::Result<()> {
        let consented = self.answer(Stage::StartTls, "220 2.0.0 Go ahead")?;
        if let Some(acceptor) = self.upgrade.take_if(|_| consented) {
            self.wire = BufReader::new(encrypt(&acceptor, &self.tcp)?);
        }
        Ok(())
    }

    /// Takes responsibility for a letter and only then says so, as RFC 5321, section 4.2.5, asks.
    fn settle(&mut self, mail: Mail) -> io::Result<()> {
        if let Act::Answer(Stage::End, refusal) = self.act {
            return self.say(refusal);
        }
        self.record.lock().expect("the record").mails.push(mail);
        self.answer(Stage::End, "250 2.0.0 Taken").map(drop)
    }

    /// Says what the script wants said at this stage; whether that was consent.
    fn answer(&mut self, stage: Stage, usual: &'static str) -> io::Result<bool> {
        let words = match self.act {
            Act::Answer(at, words) if at == stage => words,
            Act::HangUp(at) if at == stage => return Err(io::ErrorKind::ConnectionAborted.into()),
            Act::Wait(at, time) if at == stage => {
                thread::sleep(time);
                usual
            }
            _ => usual,
        };
        self.say(words)?;
        Ok(words.starts_with(['2', '3']))
    }

    fn say(&mut self, words: &str) -> io::Result<()> {
        let wire = self.wire.get_mut();
        wire.write_all(format!("{words}\r\n").as_bytes())?;
        wire.flush()
    }

    /// The next line, without its end.
    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.wire.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.record.lock().expect("the record").heard.push_str(&line);
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The lines up to the lonely dot, without the dots that were added for transparency.
    fn hear_letter(&mut self) -> io::Result<String> {
        let mut letter = String::new();
        loop {
            let line = self.hear()?;
            if line == "." {
                return Ok(letter);
            }
            letter.push_str(line.strip_prefix('.').unwrap_or(&line));
            letter.push_str("\r\n");
        }
    }
}

fn encrypt(acceptor: &SslAcceptor, tcp: &TcpStream) -> io::Result<Box<dyn Wire>> {
    let stream = acceptor.accept(tcp.try_clone()?).map_err(io::Error::other)?;
    Ok(Box::new(stream))
}

fn in_brackets(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
