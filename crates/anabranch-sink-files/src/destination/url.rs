//! URLs of destinations: the path of a `file://` URL, and URLs that may be shown.

use std::io;
use std::path::PathBuf;

/// The path that what follows `file://` names: percent-decoded, on this machine.
pub(super) fn file_path(rest: &str) -> io::Result<PathBuf> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let path = match rest.find('/') {
        Some(0) => rest,
        Some(end) if rest.get(..end).is_some_and(|host| host.eq_ignore_ascii_case("localhost")) => {
            rest.get(end..).unwrap_or_default()
        }
        _ => return Err(invalid(format!("file://{rest} names no path on this machine: write file:///PATH"))),
    };
    let decoded = String::from_utf8(percent_decoded(path));
    decoded.map(PathBuf::from).map_err(|_| invalid(format!("file://{rest} is no UTF-8 when decoded")))
}

/// The bytes that a percent-encoded text stands for; what is no escape stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend(before.bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(b'%'));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out.extend(rest.bytes());
    out
}

/// A text in which no URL shows a user, a password, a query or a fragment: there secrets are kept.
pub fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let ends = |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '<' | '>' | '`' | '(' | ')');
        let (url, after) = after.split_at_checked(after.find(ends).unwrap_or(after.len())).unwrap_or((after, ""));
        let shown = url.split(['?', '#']).next().unwrap_or_default();
        // The last `@` before any path: passwords may hold more of them, and slashes where people forgot to encode them.
        let host = shown.rsplit_once('@').map_or(shown, |(_, host)| host);
        out.push_str(host);
        if shown.len() < url.len() {
            out.push_str("?…");
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_are_paths_of_this_machine() {
        for (rest, path) in [("/a/b", "/a/b"), ("localhost/a%20b", "/a b"), ("/%C3%BC/100%", "/ü/100%")] {
            assert_eq!(file_path(rest).expect("it is a path"), PathBuf::from(path), "{rest}");
        }
        for rest in ["host/a", "relative", "", "/%ff"] {
            assert_eq!(file_path(rest).expect_err("it is none").kind(), io::ErrorKind::InvalidInput, "{rest}");
        }
    }

    #[test]
    fn secrets_in_urls_are_not_shown() {
        for (text, shown) in [
            ("out/dir", "out/dir"),
            ("s3://bucket/dir", "s3://bucket/dir"),
            ("s3://KEY:CANARY@bucket/dir", "s3://bucket/dir"),
            ("s3://KEY:CAN/ARY@bucket/dir", "s3://bucket/dir"),
            ("az://c/d?sig=CANARY&x=1#f", "az://c/d?…"),
            (
                "a \"https://u:CANARY@h/p?sig=CANARY\" failed, (gs://b?k=CANARY) too",
                "a \"https://h/p?…\" failed, (gs://b?…) too",
            ),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
