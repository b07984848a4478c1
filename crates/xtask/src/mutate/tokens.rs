//! A saved document taken apart into its members (FORMAT.md §8), written apart from the engine's own reader.

use super::leb128::{read_unsigned, write_unsigned};

/// A member of an index or a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An integer: a count of members among them.
    Number(u64),
    /// Bytes behind their length.
    Sized(Vec<u8>),
    /// Bytes whose number the format says.
    Fixed(Vec<u8>),
}

/// Takes the members of an index apart, without its magic and its checksum.
pub(super) fn of_index(body: &[u8]) -> Option<Vec<Token>> {
    let mut reader = Reader { rest: body, tokens: Vec::new() };
    reader.each(Reader::chain)?;
    reader.registers()?;
    let floor = reader.number()?;
    (0..floor).try_for_each(|_| reader.number().map(drop))?;
    if floor > 0 {
        reader.registers()?;
    }
    reader.rest.is_empty().then_some(reader.tokens)
}

/// Takes the members of a page apart.
pub(super) fn of_page(page: &[u8]) -> Option<Vec<Token>> {
    let mut reader = Reader { rest: page, tokens: Vec::new() };
    reader.each(Reader::record)?;
    reader.sized()?;
    reader.rest.is_empty().then_some(reader.tokens)
}

/// The bytes of these members.
pub(super) fn bytes_of(tokens: &[Token]) -> Vec<u8> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            Token::Number(number) => write_unsigned(*number, &mut out),
            Token::Sized(bytes) => {
                write_unsigned(bytes.len() as u64, &mut out);
                out.extend(bytes);
            }
            Token::Fixed(bytes) => out.extend(bytes),
        }
    }
    out
}

struct Reader<'b> {
    rest: &'b [u8],
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let number = read_unsigned(&mut self.rest)?;
        self.tokens.push(Token::Number(number));
        Some(number)
    }

    fn numbers(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.number().map(drop))
    }

    fn fixed(&mut self, count: usize) -> Option<()> {
        let (front, rest) = self.rest.split_at_checked(count)?;
        self.tokens.push(Token::Fixed(front.to_vec()));
        self.rest = rest;
        Some(())
    }

    fn sized(&mut self) -> Option<()> {
        let length = usize::try_from(read_unsigned(&mut self.rest)?).ok()?;
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.tokens.push(Token::Sized(front.to_vec()));
        self.rest = rest;
        Some(())
    }

    /// So many members as the number before them says.
    fn each(&mut self, member: fn(&mut Self) -> Option<()>) -> Option<u64> {
        let count = self.number()?;
        (0..count).try_for_each(|_| member(self))?;
        Some(count)
    }

    fn chain(&mut self) -> Option<()> {
        self.fixed(16)?;
        let length = self.number()?;
        self.sized()?;
        if self.number()? == 1 {
            self.sized()?;
        }
        self.number()?;
        self.each(|reader| reader.number().map(drop))?;
        for _ in 0..length {
            self.fixed(32)?;
            self.number()?;
            self.each(|reader| reader.fixed(4))?;
        }
        Some(())
    }

    /// Suffixes, contested keys, sequences by their ops, the directory, the names of pages.
    fn registers(&mut self) -> Option<()> {
        self.each(Self::sized)?;
        self.each(Self::sized)?;
        self.each(|reader| {
            reader.numbers(2)?;
            reader.fixed(8)
        })?;
        let depth = self.number()?;
        let pages = usize::try_from(self.number()?).ok()?;
        self.fixed(pages)?;
        self.numbers(1usize.checked_shl(u32::try_from(depth).ok()?)?)?;
        (0..pages).try_for_each(|_| self.fixed(32))
    }

    fn record(&mut self) -> Option<()> {
        self.sized()?;
        self.number()?;
        let mut sequences = 0;
        for is_shown in [true, false] {
            for _ in 0..self.number()? {
                self.numbers(3)?;
                // Type codes of what are texts and lists.
                let is_sequence = matches!(self.number()? & 15, super::SEQUENCE_TEXT | super::SEQUENCE_LIST);
                sequences += u64::from(is_shown && is_sequence);
            }
        }
        (0..sequences).try_for_each(|_| self.sequence())?;
        self.each(Self::sequence).map(drop)
    }

    fn sequence(&mut self) -> Option<()> {
        self.numbers(4)?;
        self.each(|reader| reader.numbers(2))?;
        let is_list = self.number()? == 1;
        self.sized()?;
        if is_list {
            self.each(|reader| reader.numbers(2))?;
        }
        self.each(|reader| reader.numbers(5))?;
        self.each(|reader| {
            reader.numbers(2)?;
            reader.each(|reader| reader.numbers(3)).map(drop)
        })
        .map(drop)
    }
}
