//! Records, keys and values that are read where they lie: nothing is built of them that nobody keeps.
//!
//! [`crate::View::scan`] lends every record of a store. What lies in history as one piece (numbers, strings, dates, lists of
//! such, objects of all these) is lent from there; what does not (a `Map`, a field that several people wrote) is built
//! once and lent from where it was built. Either way it reads the same.

mod items;
mod key;
mod properties;
mod record;
mod row;
mod value;

pub use items::Items;
pub(crate) use items::{StoredItems, TextRest};
pub use key::KeyRef;
pub use properties::Properties;
pub(crate) use properties::{FieldAt, StoredProperties};
pub(crate) use record::Lying;
pub use record::RecordRef;
pub(crate) use row::Row;
pub use row::{NameFieldsError, RowFields};
pub use value::ValueRef;
