//! Files hold one thought, functions fit a screen.

use super::Tracked;

/// No source file is longer.
const FILE_LINES_MAX: usize = 600;
/// No function is longer: a screen.
const FUNCTION_LINES_MAX: usize = 70;

/// What of a source file is too long.
pub(super) fn too_large(file: &Tracked) -> Vec<String> {
    let mut wrong = Vec::new();
    let count = file.text.lines().count();
    if count > FILE_LINES_MAX {
        wrong.push(format!("{}: {count} lines, more than {FILE_LINES_MAX}", file.path.display()));
    }
    for (line, count) in functions(&file.text).filter(|(_, count)| *count > FUNCTION_LINES_MAX) {
        let what = format!("a function of {count} lines, more than {FUNCTION_LINES_MAX}");
        wrong.push(format!("{}:{line}: {what}", file.path.display()));
    }
    wrong
}

/// First line (from 1) and length of every function, as rustfmt lays it out: the brace that closes it is indented as it is.
fn functions(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| is_start(line))).collect();
    starts.into_iter().filter_map(move |at| {
        let line = lines.get(at)?;
        let indent = line.len() - line.trim_start().len();
        let is_end = |line: &&str| line.trim_start() == "}" && line.len() == indent + 1;
        let length = lines.get(at..)?.iter().position(is_end)? + 1;
        Some((at + 1, length))
    })
}

fn is_start(line: &str) -> bool {
    let words = line
        .trim_start()
        .split(' ')
        .take_while(|word| !word.contains('(') || *word == "pub(crate)" || *word == "pub(super)");
    line.trim_end().ends_with(['{', '('])
        && !line.trim_start().starts_with("//")
        && words.into_iter().any(|word| word == "fn")
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn a_function_ends_where_its_indentation_does() {
        let text =
            "fn one() {\n    if x {\n    }\n}\n\nimpl T {\n    pub(crate) fn two(\n        self,\n    ) {\n    }\n}\n";
        assert_eq!(functions(text).collect::<Vec<_>>(), [(1, 4), (7, 4)]);
    }
}
