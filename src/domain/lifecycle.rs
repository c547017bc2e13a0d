//! How far a sale with somebody has come, and what that makes of them at a CRM that tells the two
//! apart.

use serde::{Deserialize, Serialize};

use super::words;

words! {
    /// In the order in which they are passed. The field's common denominator: every CRM that has
    /// stages knows these.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    LifecycleStage {
        Subscriber = "subscriber",
        Lead = "lead",
        MarketingQualified = "marketing_qualified",
        SalesQualified = "sales_qualified",
        Opportunity = "opportunity",
        Customer = "customer",
        Evangelist = "evangelist",
    }
}

words! {
    /// What a person is at a CRM. A lead is somebody of whom nobody knows yet whether they fit; it
    /// belongs to no organization and has no deals.
    PersonKind {
        Contact = "contact",
        Lead = "lead",
    }
}

impl LifecycleStage {
    /// Where leads are a kind of their own, a sale's qualification is what ends one.
    pub fn kind(self) -> PersonKind {
        if self < Self::SalesQualified { PersonKind::Lead } else { PersonKind::Contact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_qualified_by_sales_is_a_lead() {
        let leads = LifecycleStage::ALL.iter().filter(|stage| stage.kind() == PersonKind::Lead);
        let words: Vec<&str> = leads.map(|stage| stage.word()).collect();
        assert_eq!(words, ["subscriber", "lead", "marketing_qualified"]);
    }

    #[test]
    fn a_stage_is_kept_by_the_word_that_the_api_has() {
        for stage in LifecycleStage::ALL {
            let kept = serde_json::to_value(stage).unwrap();
            assert_eq!(kept, stage.word());
        }
    }
}
