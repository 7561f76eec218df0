//! The parameters of a request, each of which may stand once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What may be there more than once: addresses, which have no spaces and are read as a list with spaces between them
/// (RFC 8707, section 2; RFC 8693, section 2.1).
const MANIFOLD: [&str; 2] = ["resource", "audience"];

/// Named parameters, as they came in a query or a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

/// Why parameters cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadParams {
    /// RFC 6749, sections 3.1 and 3.2: no parameter may be there more than once.
    Repeated,
    /// A NUL, or bytes that are not UTF-8.
    Damaged,
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, BadParams> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            let damaged = |text: &str| text.contains(['\0', '\u{FFFD}']);
            if damaged(&name) || damaged(&value) {
                return Err(BadParams::Damaged);
            }
            match params.entry(name.into_owned()) {
                Entry::Vacant(place) => _ = place.insert(value.into_owned()),
                Entry::Occupied(mut place) if MANIFOLD.contains(&place.key().as_str()) => {
                    place.get_mut().push(' ');
                    place.get_mut().push_str(&value);
                }
                Entry::Occupied(_) => return Err(BadParams::Repeated),
            }
        }
        Ok(Self(params))
    }

    /// A parameter's value. One without a value counts as absent (RFC 6749, section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A form field as it was filled in, empty where it was not.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The names of all parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a parameter is there at all, even without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a parameter of one is a parameter of the other too.
    pub(crate) fn shares_a_name_with(&self, other: &Self) -> bool {
        self.0.keys().any(|name| other.has(name))
    }

    /// The same parameters but for some.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let others = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        Self(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The same parameters with one that takes the place of its namesake.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same parameters with others that take the place of their namesakes.
    pub(crate) fn overlaid(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The same parameters as a query string.
    pub(crate) fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_78_a_parameter_that_stands_twice_is_refused_however_it_is_spelt() {
        for text in ["a=1&a=2", "a=1&a=1", "a=1&%61=2", "client_id=x&client%5Fid=y", "a&a", "=1&=2"] {
            assert_eq!(Params::parse(text.as_bytes()).unwrap_err(), BadParams::Repeated, "{text}");
        }
        for text in ["a=%00", "a=%ff", "%00=a", "a=%ef%bf%bd"] {
            assert_eq!(Params::parse(text.as_bytes()).unwrap_err(), BadParams::Damaged, "{text}");
        }
        let params = Params::parse(b"a=1&b=&c=x+y%26").unwrap();
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), None, Some("x y&")));
        assert!(params.has("b"));
    }
}
