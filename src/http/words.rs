//! The words of `policies/*.toml`, activities and deliveries as types of the API.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use crate::{
    domain::{
        ActivityKind, Cause, DeliveryKind, DeliveryState, LifecycleStage, PersonKind, Step,
        Trigger,
        action::{ActionKind, DealStatus, Priority, TaskKind},
    },
    policy::{Action, Plan, Role},
};

macro_rules! api_word {
    ($name:ident, $schema:literal) => {
        impl Type for $name {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $schema.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference($schema.to_owned())
            }

            fn register(registry: &mut Registry) {
                registry.create_schema::<Self, _>($schema.to_owned(), |_| {
                    let mut schema = MetaSchema::new("string");
                    schema.enum_items =
                        Self::ALL.iter().map(|word| Value::from(word.word())).collect();
                    schema
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                value
                    .as_ref()
                    .and_then(Value::as_str)
                    .and_then(Self::parse)
                    .ok_or_else(|| ParseError::custom("this word is not known"))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                Self::parse(value).ok_or_else(|| ParseError::custom("this word is not known"))
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(self.word().into())
            }
        }
    };
}

api_word!(Action, "Action");
// `Plan` is what the billing page shows of one.
api_word!(Plan, "PlanId");
api_word!(Role, "Role");
api_word!(ActivityKind, "ActivityKind");
api_word!(DeliveryKind, "DeliveryKind");
api_word!(DeliveryState, "DeliveryState");
api_word!(Trigger, "DeliveryTrigger");
api_word!(Cause, "DeliveryCause");
api_word!(Step, "ReportStep");
api_word!(ActionKind, "CrmAction");
api_word!(TaskKind, "CrmTaskKind");
api_word!(Priority, "CrmPriority");
api_word!(DealStatus, "CrmDealStatus");
api_word!(LifecycleStage, "CrmLifecycleStage");
api_word!(PersonKind, "CrmPersonKind");
