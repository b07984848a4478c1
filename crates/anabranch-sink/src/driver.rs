//! Driving a sink: from its checkpoint to where the stores are.

use anabranch_core::{Document, Heads, UnknownHeads};

use crate::sink::{Delivery, Sink, TableDelivery, TableName, TableReceipt};

/// Why nothing was delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError<E> {
    /// The destination failed.
    #[error(transparent)]
    Sink(E),
    /// The destination was filled from another history.
    #[error(
        "table {table}: the destination is at heads that this store never had ({source}): deliver to an empty destination"
    )]
    ForeignCheckpoint {
        /// The table.
        table: TableName,
        /// The heads.
        source: UnknownHeads,
    },
}

/// What was delivered of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The table.
    pub table: TableName,
    /// The checkpoint before.
    pub from: Heads,
    /// The checkpoint after.
    pub to: Heads,
    /// What became of it.
    pub receipt: TableReceipt,
}

/// Delivers what the destination lacks of `stores`, all of it or nothing. Where nothing is lacking nothing is written.
pub fn deliver<S: Sink>(
    sink: &mut S,
    stores: &[(TableName, &Document)],
) -> Result<Vec<Delivered>, DeliverError<S::Error>> {
    let checkpoints = sink.open().map_err(DeliverError::Sink)?;
    let mut tables = Vec::new();
    for (name, document) in stores {
        let checkpoint = checkpoints.get(name);
        let to = document.heads();
        if checkpoint == Some(&to) {
            continue;
        }
        let from = checkpoint.cloned().unwrap_or_default();
        let from =
            document.known(&from).map_err(|source| DeliverError::ForeignCheckpoint { table: name.clone(), source })?;
        let view = document.view();
        tables.push(TableDelivery { name: name.clone(), document, from, to: view.heads().clone(), view });
    }
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let delivery = Delivery { tables };
    let receipts = sink.deliver(&delivery).map_err(DeliverError::Sink)?;
    let delivered = delivery.tables.iter().zip(receipts).map(|(table, receipt)| Delivered {
        table: table.name.clone(),
        from: table.from().clone(),
        to: table.to().clone(),
        receipt,
    });
    Ok(delivered.collect())
}
