//! The schema contract: what becomes of values that the columns do not hold.

use anabranch_core::Value;
use serde::{Deserialize, Serialize};

use super::infer::{Columns, infer};
use super::misfit::{Misfit, MisfitReason, write_path};

/// What may happen to a table's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// Columns are added and widened as records need it.
    #[default]
    Evolve,
    /// Columns stay; a record that does not fit stops the delivery.
    Freeze,
    /// Columns stay; values that do not fit are dead letters.
    DiscardValue,
    /// Columns stay; records that do not fit are dead letters.
    DiscardRow,
}

/// What a format can hold, the contract apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// What typed columns hold: no lone surrogates, no invalid dates.
    Columns,
    /// What columns of text hold: every value, but no name with a lone surrogate.
    Text,
    /// Everything.
    Lossless,
}

impl Fidelity {
    fn holds(self, reason: &MisfitReason) -> bool {
        match reason {
            MisfitReason::NoColumn | MisfitReason::OtherKind { .. } => false,
            MisfitReason::LoneSurrogate | MisfitReason::InvalidDate => self != Fidelity::Columns,
            MisfitReason::LoneSurrogateInName => self == Fidelity::Lossless,
        }
    }
}

/// Why a delivery stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contract freezes the columns, and a record does not fit: {path}: {reason}")]
pub struct ContractError {
    /// The position of the record.
    pub row: usize,
    /// Where in the record, dotted.
    pub path: String,
    /// Why.
    pub reason: MisfitReason,
}

/// What a contract lets in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admitted {
    /// The columns from now on.
    pub columns: Columns,
    /// Positions of the records that stay out, ascending.
    pub discarded: Vec<usize>,
    /// What did not fit, with the position of its record.
    pub misfits: Vec<(usize, Misfit)>,
}

impl Contract {
    /// Whether values that do not fit its columns are kept out of the rows.
    pub fn discards(self) -> bool {
        matches!(self, Contract::DiscardValue | Contract::DiscardRow)
    }

    /// All of them, by name.
    pub const ALL: [(&'static str, Contract); 4] = [
        ("evolve", Contract::Evolve),
        ("freeze", Contract::Freeze),
        ("discard_value", Contract::DiscardValue),
        ("discard_row", Contract::DiscardRow),
    ];

    /// Holds `values` against the columns that the table had; a table without columns takes what comes.
    pub fn admit(
        self,
        had: Option<&Columns>,
        values: &[&Value],
        fidelity: Fidelity,
    ) -> Result<Admitted, ContractError> {
        let columns = match (self, had) {
            (_, None) => infer(values.iter().copied()),
            (Contract::Evolve, Some(had)) => had.clone().joined(infer(values.iter().copied())),
            (_, Some(had)) => had.clone(),
        };
        let mut admitted = Admitted { columns, ..Admitted::default() };
        let mut found = Vec::new();
        for (row, value) in values.iter().enumerate() {
            admitted.columns.find_misfits(value, &mut found);
            found.retain(|misfit| !fidelity.holds(&misfit.reason));
            let Some(first) = found.first() else { continue };
            match self {
                Contract::Freeze => {
                    return Err(ContractError { row, path: write_path(&first.path), reason: first.reason.clone() });
                }
                Contract::DiscardRow => admitted.discarded.push(row),
                Contract::Evolve | Contract::DiscardValue => (),
            }
            admitted.misfits.extend(found.drain(..).map(|misfit| (row, misfit)));
        }
        Ok(admitted)
    }
}
