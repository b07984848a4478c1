//! A hub, and the devices that are captured there: some beside each other, and one that is away.

use std::collections::BTreeSet;

use anabranch_core::{
    CaptureKind, DeletePolicy, Document, FieldPath, FieldPolicy, Heads, KnownHeads, StoreSchema, StoreSnapshot,
};

use crate::records::{self, Map};
use crate::unsent::{Act, LIST, TEXT, Writer};

/// Somebody edits, is captured, and then may take what all have.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) who: usize,
    pub(crate) acts: Vec<Act>,
    pub(crate) takes: bool,
}

/// Devices beside the one that is away.
pub(crate) const OTHERS: usize = 3;

/// The one that is away, among all devices.
pub(crate) const AWAY: usize = OTHERS;

/// A device: its records, and what was last captured of it or taken by it.
#[derive(Clone)]
pub(crate) struct Device {
    writer: Writer,
    pub(crate) records: Map,
    pub(crate) baseline: Heads,
}

/// A hub, and the devices that are captured there.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) document: Document,
    pub(crate) schema: StoreSchema,
    pub(crate) devices: Vec<Device>,
}

impl Hub {
    /// All devices begin with the same records.
    pub(crate) fn new(edit_wins: bool, declares: bool) -> Self {
        let mut schema = StoreSchema::default();
        if edit_wins {
            schema.deletes = DeletePolicy::EditWins;
        }
        if declares {
            let field = |name: &str| FieldPath(vec![name.into()]);
            schema.fields = [(field(TEXT), FieldPolicy::Text), (field(LIST), FieldPolicy::List)].into();
        }
        let mut hub = Self { document: Document::new(), schema, devices: Vec::new() };
        let records = Writer::new(9).records();
        for number in 0..=OTHERS as u32 {
            let device = Device { writer: Writer::new(number), records: records.clone(), baseline: Heads::empty() };
            hub.devices.push(device);
            hub.capture_as(number as usize, CaptureKind::First);
        }
        for who in 0..=OTHERS {
            hub.take(who);
        }
        hub
    }

    pub(crate) fn play(&mut self, round: &Round) {
        self.act(round.who, &round.acts);
        self.capture(round.who);
        if round.takes {
            self.take(round.who);
        }
    }

    pub(crate) fn act(&mut self, who: usize, acts: &[Act]) {
        let Device { writer, records, .. } = &mut self.devices[who];
        acts.iter().for_each(|act| writer.act(records, act));
    }

    pub(crate) fn known(&self, heads: &Heads) -> KnownHeads {
        self.document.known(heads).unwrap()
    }

    pub(crate) fn capture(&mut self, who: usize) {
        let baseline = self.known(&self.devices[who].baseline);
        self.capture_as(who, CaptureKind::Next { baseline, left_out: BTreeSet::new() });
    }

    pub(crate) fn capture_as(&mut self, who: usize, kind: CaptureKind) {
        let Device { writer, records, baseline } = &mut self.devices[who];
        let records = records.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let store = StoreSnapshot { name: "s".into(), schema: self.schema.clone(), complete: true, records };
        *baseline = self.document.capture_store(&writer.name, kind, &store).unwrap().own_heads;
    }

    /// The device takes what all have.
    pub(crate) fn take(&mut self, who: usize) {
        (self.devices[who].records, self.devices[who].baseline) = (records::of(&self.document), self.document.heads());
    }

    /// Trims at the meet of these.
    pub(crate) fn trim(&mut self, readers: &[Heads]) {
        let readers: Vec<KnownHeads> = readers.iter().map(|heads| self.known(heads)).collect();
        self.document.trim(&self.document.meet(&readers)).unwrap();
    }
}
