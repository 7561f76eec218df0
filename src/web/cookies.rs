//! Cookies: their names, their attributes, and reading them with suspicion.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::base::{FlowId, Kind, Secret, Span, kinds};

/// The names and attributes of our cookies.
///
/// On https they are `__Host-` cookies: no sibling host can set or widen them. On plain http, which only a
/// provider on the developer's own machine may use, browsers would drop such cookies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieStyle {
    secure: bool,
}

impl CookieStyle {
    pub(crate) const fn new(secure: bool) -> Self {
        Self { secure }
    }

    const fn prefix(self) -> &'static str {
        if self.secure { "__Host-" } else { "" }
    }

    pub(crate) fn session_name(self) -> String {
        format!("{}session", self.prefix())
    }

    /// What the frame of session management reads.
    pub(crate) fn state_name(self) -> String {
        format!("{}state", self.prefix())
    }

    pub(crate) fn device_name(self) -> String {
        format!("{}device", self.prefix())
    }

    /// What brings the link of an invitation to its page.
    pub(crate) fn invitation_name(self) -> String {
        format!("{}invitation", self.prefix())
    }

    /// What brings the link of the first owner to its page.
    pub(crate) fn set_up_name(self) -> String {
        format!("{}setup", self.prefix())
    }

    /// The console's access token.
    pub(crate) fn console_name(self) -> String {
        format!("{}console", self.prefix())
    }

    /// What ties a log-in to the console to the browser that began it.
    pub(crate) fn console_start_name(self) -> String {
        format!("{}console-start", self.prefix())
    }

    /// What the next page says was done.
    pub(crate) fn said_name(self) -> String {
        format!("{}said", self.prefix())
    }

    /// One cookie for each journey, so that several tabs do not get in each other's way.
    pub(crate) fn flow_name(self, flow: &FlowId) -> String {
        format!("{}{}", self.flow_stem(), flow.as_str())
    }

    pub(crate) fn flow_stem(self) -> String {
        format!("{}flow-", self.prefix())
    }

    /// A cookie that lasts for `life`, or for as long as the browser is open.
    fn set(self, name: &str, value: &str, life: Option<Span>) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = life.map_or_else(String::new, |life| format!("; Max-Age={}", life.as_seconds()));
        HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")).ok()
    }

    /// A secret as a cookie.
    pub(crate) fn give<K: Kind>(
        self,
        name: &str,
        secret: &Secret<K>,
        life: Option<Span>,
    ) -> Option<HeaderValue> {
        self.set(name, secret.reveal(), life)
    }

    /// The cookie for the frame of session management, which stands in the pages of other sites (OpenID Connect Session
    /// Management 1.0, section 4.2). It says that a session goes on, and opens nothing.
    pub(crate) fn show_state(self, state: &str) -> Option<HeaderValue> {
        let site = if self.secure { "None; Secure" } else { "Lax" };
        HeaderValue::try_from(format!("{}={state}; Path=/; SameSite={site}", self.state_name())).ok()
    }

    pub(crate) fn hide_state(self) -> Option<HeaderValue> {
        let site = if self.secure { "None; Secure" } else { "Lax" };
        HeaderValue::try_from(format!("{}=; Path=/; SameSite={site}; Max-Age=0", self.state_name())).ok()
    }

    /// What the next page says was done; whoever does not come to it within a minute is not told later.
    pub(crate) fn say(self, written: &str) -> Option<HeaderValue> {
        self.set(&self.said_name(), written, Some(Span::minutes(1)))
    }

    /// Takes a cookie back.
    pub(crate) fn take_back(self, name: &str) -> Option<HeaderValue> {
        self.set(name, "", Some(Span::seconds(0)))
    }
}

/// The cookies of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies(Vec<(String, String)>);

impl Cookies {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self(pairs)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in a cookie. One that comes twice was put there by somebody else, and counts for nothing.
    pub(crate) fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        if values.next().is_some() { None } else { Some(value) }
    }

    pub(crate) fn secret<K: Kind>(&self, name: &str) -> Option<Secret<K>> {
        Secret::presented(self.only(name)?)
    }

    pub(crate) fn session(&self, style: CookieStyle) -> Option<Secret<kinds::Session>> {
        self.secret(&style.session_name())
    }

    pub(crate) fn device(&self, style: CookieStyle) -> Option<Secret<kinds::Device>> {
        self.secret(&style.device_name())
    }

    pub(crate) fn flow(&self, style: CookieStyle, flow: &FlowId) -> Option<Secret<kinds::Flow>> {
        self.secret(&style.flow_name(flow))
    }

    /// The names of flow cookies beyond the newest `keep`. Browsers send older cookies first (RFC 6265,
    /// section 5.4).
    pub(crate) fn surplus_flows(&self, style: CookieStyle, keep: usize) -> Vec<&str> {
        let stem = style.flow_stem();
        let flows: Vec<&str> =
            self.0.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with(&stem)).collect();
        let surplus = flows.len().saturating_sub(keep);
        flows.into_iter().take(surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;

    #[test]
    fn row_34_a_cookie_is_for_this_host_only_and_counts_for_nothing_when_it_comes_twice() {
        let style = CookieStyle::new(true);
        let secret = Secret::<kinds::Session>::generate(&SeededRandom::new(1));
        let given = style.give(&style.session_name(), &secret, None).unwrap();
        let expected = format!("__Host-session={}; Path=/; HttpOnly; SameSite=Lax; Secure", secret.reveal());
        assert_eq!(given.to_str().unwrap(), expected);
        let pair = format!("__Host-session={}", secret.reveal());
        let read = |line: String| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::try_from(line).unwrap());
            Cookies::read(&headers).session(style).is_some()
        };
        assert!(read(pair.clone()));
        assert!(read(format!("a=b; {pair}; c=d")));
        assert!(!read(format!("{pair}; {pair}")));
        assert!(!read("__Host-session=short".to_owned()));
        assert!(!read(format!("session={}", secret.reveal())));
    }
}
