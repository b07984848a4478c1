//! `replicas`: who was captured, when, and how far behind they are.

use anabranch_core::json::{date_to_iso, write_string};

use crate::failure::Failure;
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::{Workspace, known};

pub(crate) fn run(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let replicas = workspace.dir.replicas().clone();
    let mut rows = Vec::new();
    for replica in replicas.values() {
        let mut behind = 0;
        let mut baseline = b"{".to_vec();
        for (name, held) in &replica.baselines {
            let label = workspace.label(name);
            let document = workspace.document(name)?;
            behind += document.changes_since(&known(document, &held.heads)?);
            if baseline.len() > 1 {
                baseline.push(b',');
            }
            write_string(&label, &mut baseline);
            let hashes: Vec<String> = held.heads.hashes().iter().map(|hash| format!("\"{hash}\"")).collect();
            baseline.extend(format!(":[{}]", hashes.join(",")).as_bytes());
        }
        baseline.push(b'}');
        if out.is_json() {
            let line = Line::new().text("replica", &replica.name).raw("baseline", &baseline);
            let line = line.time("captured_at", replica.captured_at_ms).number("behind", behind);
            out.line(&line.number("offers", replica.offers.len()).end())?;
        } else {
            let captured = replica.captured_at_ms.map_or_else(|| "never".into(), date_to_iso);
            let offers = replica.offers.len().to_string();
            rows.push(vec![
                replica.name.clone(),
                replica.baselines.len().to_string(),
                captured,
                behind.to_string(),
                offers,
            ]);
        }
    }
    if out.is_json() {
        Ok(())
    } else {
        out.table(&["replica", "stores", "last captured", "changes behind", "open offers"], &rows)
    }
}
