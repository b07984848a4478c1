//! Field paths as people write them: dotted; a literal dot, backslash or empty name is `\.`, `\\`, `\0`.

use crate::schema::FieldPath;
use crate::string::JsString;

/// Text that is no field path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no field path: names separated by dots, with \\. \\\\ and \\0 for a dot, a backslash and an empty name"
)]
pub struct ParseFieldPathError {
    /// The text.
    pub text: String,
}

/// Reads a dotted path.
pub fn parse_field_path(text: &str) -> Result<FieldPath, ParseFieldPathError> {
    let refuse = || ParseFieldPathError { text: text.into() };
    let mut names = Vec::new();
    let (mut name, mut is_empty_name) = (String::new(), false);
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('\\') => match chars.next() {
                Some(escaped @ ('.' | '\\')) => name.push(escaped),
                Some('0') if name.is_empty() => is_empty_name = true,
                _ => return Err(refuse()),
            },
            Some('.') | None if name.is_empty() != is_empty_name => return Err(refuse()),
            Some('.') => {
                names.push(JsString::from(std::mem::take(&mut name)));
                is_empty_name = false;
            }
            Some(char) => name.push(char),
            None => {
                names.push(JsString::from(name));
                return Ok(FieldPath(names));
            }
        }
    }
}

/// Writes a dotted path. Lone surrogates are replaced: such names have no dotted form.
pub fn write_field_path(path: &FieldPath) -> String {
    let name = |name: &JsString| match name.is_empty() {
        true => "\\0".to_owned(),
        false => name.to_string_lossy().replace('\\', "\\\\").replace('.', "\\."),
    };
    path.0.iter().map(name).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_whatever_their_names_hold() {
        for names in [vec!["a"], vec!["a", "b"], vec![""], vec!["a.b", "\\", "", "0"], vec!["\\0"]] {
            let path = FieldPath(names.iter().map(|name| JsString::from(*name)).collect());
            assert_eq!(parse_field_path(&write_field_path(&path)), Ok(path));
        }
        for text in ["", ".", "a..b", "a.", "\\", "\\x", "a\\0"] {
            assert!(parse_field_path(text).is_err(), "{text:?}");
        }
    }
}
