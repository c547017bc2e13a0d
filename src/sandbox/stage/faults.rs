//! Faults on demand: what goes wrong between two machines, scripted.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// One line of the script.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// Part of the path, its end with a `$` behind it; all paths of the CRM without it.
    path: Option<String>,
    method: Option<String>,
    /// Requests that match and pass before the first is hit.
    #[serde(default)]
    after: u64,
    /// How many are hit; null for all.
    #[serde(default = "once")]
    times: Option<u64>,
    /// The CRM does what was asked first: only its answer is lost or replaced.
    #[serde(default)]
    applied: bool,
    /// `status_5xx`, `applied_5xx`: any status; 503 unless told.
    pub(crate) status: Option<u16>,
    /// `slow_ms`: how long.
    pub(crate) ms: Option<u64>,
    /// `burst_429`, `daily_429`: the header; null leaves it out.
    pub(crate) retry_after: Option<u64>,
    /// `redirect`: where to.
    pub(crate) location: Option<String>,
    /// `gzip_bomb`: how many bytes it unpacks to.
    pub(crate) bytes: Option<u64>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
const fn once() -> Option<u64> {
    Some(1)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// 429 with an empty window.
    #[serde(rename = "burst_429")]
    Burst429,
    /// 429 with an empty day.
    #[serde(rename = "daily_429")]
    Daily429,
    #[serde(rename = "status_5xx", alias = "status")]
    Status5xx,
    /// The same after the CRM did what was asked.
    #[serde(rename = "applied_5xx")]
    Applied5xx,
    /// Never answers.
    Timeout,
    AppliedTimeout,
    /// The connection is cut without a byte of an answer.
    Reset,
    AppliedReset,
    /// The connection is cut in the middle of the body.
    HalfAnswer,
    /// The length says less than there is: a complete answer that ends too early.
    WrongLength,
    /// What Cloudflare says to those who do not stop.
    #[serde(rename = "html_403")]
    Html403,
    #[serde(rename = "html_200")]
    Html200,
    EmptyJson,
    #[serde(rename = "invalid_utf8")]
    InvalidUtf8,
    GzipBomb,
    Redirect,
    DuplicateKeys,
    SlowMs,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Burst429 => "burst_429",
            Self::Daily429 => "daily_429",
            Self::Status5xx => "status_5xx",
            Self::Applied5xx => "applied_5xx",
            Self::Timeout => "timeout",
            Self::AppliedTimeout => "applied_timeout",
            Self::Reset => "reset",
            Self::AppliedReset => "applied_reset",
            Self::HalfAnswer => "half_answer",
            Self::WrongLength => "wrong_length",
            Self::Html403 => "html_403",
            Self::Html200 => "html_200",
            Self::EmptyJson => "empty_json",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::GzipBomb => "gzip_bomb",
            Self::Redirect => "redirect",
            Self::DuplicateKeys => "duplicate_keys",
            Self::SlowMs => "slow_ms",
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    script: Vec<Fault>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.script.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.script.clear();
    }

    pub(crate) fn left(&self) -> Value {
        self.script
            .iter()
            .map(|fault| json!({ "kind": fault.kind.word(), "times": fault.times, "after": fault.after }))
            .collect()
    }

    /// The fault that hits this request, if one does; the first of the script wins.
    pub(crate) fn hit(&mut self, method: &str, path: &str) -> Option<Fault> {
        let matches = |fault: &Fault| {
            fault.path.as_ref().is_none_or(|part| match part.strip_suffix('$') {
                Some(end) => path.ends_with(end),
                None => path.contains(part.as_str()),
            }) && fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        };
        let mut hit = None;
        for fault in self.script.iter_mut().filter(|fault| matches(fault)) {
            if fault.after > 0 {
                fault.after -= 1;
            } else if hit.is_none() && fault.times != Some(0) {
                fault.times = fault.times.map(|times| times - 1);
                hit = Some(fault.clone());
            }
        }
        self.script.retain(|fault| fault.times != Some(0));
        hit
    }
}

impl Fault {
    /// Whether the CRM gets to see the request although the answer is not its own.
    pub(crate) const fn applies(&self) -> bool {
        use Kind::{Applied5xx, AppliedReset, AppliedTimeout};
        self.applied || matches!(self.kind, Applied5xx | AppliedTimeout | AppliedReset)
    }

    pub(crate) const fn cuts(&self) -> bool {
        matches!(self.kind, Kind::Reset | Kind::AppliedReset)
    }

    /// Whether the caller gets less than a whole answer.
    pub(crate) const fn loses(&self) -> bool {
        use Kind::{AppliedReset, AppliedTimeout, HalfAnswer, Reset, Timeout};
        matches!(self.kind, Timeout | AppliedTimeout | Reset | AppliedReset | HalfAnswer)
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(2_000))
    }
}
