//! Where the service is.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use reqwest::Url;

/// The base URL of the API, such as `https://api.connectsafely.ai/linkedin`: https, or http to this machine alone;
/// without credentials, query, fragment and trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// The text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It cannot be read as a URL.
    #[error("--base-url is no url ({0}); write it like https://api.connectsafely.ai/linkedin")]
    NoUrl(String),
    /// Neither http nor https.
    #[error("--base-url is a `{0}` url; it must begin with https://")]
    Scheme(String),
    /// Plain http to another machine.
    #[error("--base-url is plain http to {0}, which would show the api key on the way; use https (http is for localhost alone)")]
    PlainHttp(String),
    /// A user name or a password in it. Never shows them.
    #[error("--base-url holds a user name or a password; leave them out, the api key has its own place")]
    Credentials,
    /// A query or a fragment.
    #[error("--base-url has a `?` or a `#`; end it with the path")]
    Beyond,
}

impl BaseUrl {
    /// The endpoint in one spelling: what a journal keeps, and compares.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Host and port, for texts that say where there was no answer.
    #[must_use]
    pub fn place(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether this machine itself answers there: a stand-in, or something that forwards.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether requests travel in the clear, which only loopback may.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The URL below the base with these path segments and this query, each part percent-encoded whole.
    ///
    /// `None` where a segment would change the path: empty, `.` or `..`.
    pub(super) fn below(&self, segments: &[&str], query: &[(&str, &str)]) -> Option<Url> {
        let mut text = self.endpoint().to_owned();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return None;
            }
            text.push('/');
            encode(segment, &mut text);
        }
        for (index, (name, value)) in query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            encode(name, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        Url::parse(&text).ok()
    }
}

/// Appends `part` with everything outside the unreserved set of RFC 3986 percent-encoded: URNs hold `( ) , : =`.
fn encode(part: &str, onto: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            onto.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(onto, "%{byte:02X}");
        }
    }
}

/// The host is this machine, by name or by number.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || number.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|error| BaseUrlError::NoUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Beyond);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(BaseUrlError::PlainHttp(url.host_str().unwrap_or_default().to_owned()));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.endpoint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<String, BaseUrlError> {
        text.parse::<BaseUrl>().map(|url| url.endpoint().to_owned())
    }

    #[test]
    fn one_endpoint_has_one_spelling() {
        for text in [
            "https://api.example/linkedin",
            " https://API.Example:443/linkedin/ ",
            "HTTPS://api.example/linkedin//",
            "https://api.example/x/../linkedin",
        ] {
            assert_eq!(endpoint(text).as_deref(), Ok("https://api.example/linkedin"), "{text}");
        }
        assert_eq!(endpoint("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080"));
        assert_eq!(endpoint("https://api.example").as_deref(), Ok("https://api.example"));
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        for text in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.8.9.1/x",
            "http://[::1]:80/linkedin",
            "http://0x7f.1/",
        ] {
            assert!(endpoint(text).is_ok(), "{text}");
        }
        for text in [
            "http://api.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
            "http://128.0.0.1",
            "http://[::2]",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert!(matches!(endpoint(text), Err(BaseUrlError::PlainHttp(_))), "{text}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_and_shows_no_password() {
        assert!(matches!(endpoint("api.example/linkedin"), Err(BaseUrlError::NoUrl(_))));
        assert!(matches!(endpoint(""), Err(BaseUrlError::NoUrl(_))));
        assert_eq!(endpoint("ftp://api.example"), Err(BaseUrlError::Scheme("ftp".into())));
        assert_eq!(endpoint("https://api.example/?a=b"), Err(BaseUrlError::Beyond));
        assert_eq!(endpoint("https://api.example/#x"), Err(BaseUrlError::Beyond));
        for text in [
            "https://user@api.example",
            "https://user:secret@api.example",
            "http://127.0.0.1@evil.example/",
        ] {
            assert_eq!(endpoint(text), Err(BaseUrlError::Credentials), "{text}");
        }
    }

    #[test]
    fn segments_are_encoded_whole_and_cannot_leave_the_base() {
        let base: BaseUrl = "https://api.example/linkedin".parse().unwrap();
        let url = base.below(&["conversations", "urn:li:x:(a,2-b==)", "messages"], &[("accountId", "a&b=c")]);
        assert_eq!(
            url.unwrap().as_str(),
            "https://api.example/linkedin/conversations/urn%3Ali%3Ax%3A%28a%2C2-b%3D%3D%29/messages?accountId=a%26b%3Dc"
        );
        assert_eq!(
            base.below(&["x", "../y?z#ü"], &[]).unwrap().as_str(),
            "https://api.example/linkedin/x/..%2Fy%3Fz%23%C3%BC"
        );
        for segment in ["", ".", ".."] {
            assert_eq!(base.below(&["x", segment], &[]), None);
        }
    }
}
