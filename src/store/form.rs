//! What values are: their types, and the forms in which their bytes are kept.

/// What type a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string of bytes.
    String,
    /// Elements in the order in which they were pushed.
    List,
    /// Members, each once.
    Set,
    /// Members, each once, in the order of their scores.
    Zset,
    /// Values by field.
    Hash,
}

impl Kind {
    /// The name TYPE replies with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Zset => "zset",
            Kind::Hash => "hash",
        }
    }
}

/// How a string came to be, which is what `OBJECT ENCODING` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As stored: `int` when it reads as one, else by its length.
    Natural,
    /// The same, made by COPY: Redis has an object of its own for it, never a shared integer.
    Unshared,
    /// The result of a float computation: never `int`.
    Text,
    /// Modified in place (APPEND, SETRANGE): always `raw`.
    Raw,
}

/// What the bytes behind a key are: the mark of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A string.
    String(Encoding),
    /// The elements of a list, packed.
    List,
    /// Fields and values of a hash in turn, packed.
    Hash,
    /// The members of a set that are all integers, sorted.
    IntSet,
    /// The members of a set, packed.
    Set,
    /// Members and scores of a sorted set in turn, packed in their order.
    Zset,
}

/// The marks of strings are below this.
pub const STRING_MARKS: u8 = 4;

/// Every form at the place of its mark; those of strings come first, since a record without an
/// allocation has room for four marks only.
const FORMS: [Form; 9] = [
    Form::String(Encoding::Natural),
    Form::String(Encoding::Unshared),
    Form::String(Encoding::Text),
    Form::String(Encoding::Raw),
    Form::List,
    Form::Hash,
    Form::IntSet,
    Form::Set,
    Form::Zset,
];

impl Form {
    /// Its number in a record.
    #[inline]
    #[must_use]
    pub fn mark(self) -> u8 {
        match self {
            Form::String(encoding) => encoding as u8,
            Form::List => 4,
            Form::Hash => 5,
            Form::IntSet => 6,
            Form::Set => 7,
            Form::Zset => 8,
        }
    }

    /// The form with this mark.
    ///
    /// # Panics
    /// When no form has it.
    #[inline]
    #[must_use]
    pub fn marked(mark: u8) -> Form {
        FORMS[usize::from(mark)]
    }

    /// The form of a new and empty value.
    #[must_use]
    pub fn of_new(kind: Kind) -> Form {
        match kind {
            Kind::String => Form::String(Encoding::Natural),
            Kind::List => Form::List,
            Kind::Set => Form::IntSet,
            Kind::Zset => Form::Zset,
            Kind::Hash => Form::Hash,
        }
    }

    /// The type of what is kept so.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Form::String(_) => Kind::String,
            Form::List => Kind::List,
            Form::Hash => Kind::Hash,
            Form::IntSet | Form::Set => Kind::Set,
            Form::Zset => Kind::Zset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_a_mark_of_its_own() {
        for (mark, form) in (0..).zip(FORMS) {
            assert_eq!(form.mark(), mark);
            assert_eq!(Form::marked(mark), form);
            assert_eq!(mark < STRING_MARKS, form.kind() == Kind::String);
        }
    }
}
