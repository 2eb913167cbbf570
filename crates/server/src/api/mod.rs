//! The HTTP API: outside shapes in, one call, outside shapes out. No rules here.

mod activity;
mod alarms;
mod auth;
mod beside;
mod bulk;
mod cases;
mod check;
mod complaints;
mod devices;
mod duties;
mod error;
mod evidence;
mod handover;
mod imports;
mod inbox;
mod interface;
mod known;
mod lifts;
mod payments;
mod people;
mod plans;
mod policies;
mod proofs;
mod protections;
mod routes;
mod session;
mod sync;
mod uploads;

pub use activity::ActivityView;
pub use alarms::AlarmView;
pub use bulk::BulkStopView;
pub use cases::{CasesView, RulingView};
pub use check::CheckView;
pub use complaints::ComplaintsView;
pub use devices::DeviceView;
pub use duties::DutyView;
pub use error::ApiError;
pub use inbox::InboxView;
pub use known::KnownView;
pub use lifts::LiftView;
pub use payments::PaymentsView;
pub use people::EnrolCodeView;
pub use policies::PoliciesView;
pub use routes::RouteView;
pub use session::PersonView;

use crate::attachments::Attachments;
use crate::clock::Clock;
use crate::feed::wait::Waiting;
use crate::intake::judge_what_waited;
use crate::log::Log;
use crate::policies::{InForce, PublishError, Publisher, TrustedKeys};
use crate::store::{Store, StoreError, Tenant, Tx, aside};
use crate::watch::Channel;
use auth::Throttle;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue};
use doorstep_protocol::exchange::PUSH_BYTES_MAX;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes as documented_routes;

/// What every handler shares.
#[derive(Clone)]
pub struct App {
    store: Arc<Store>,
    clock: Clock,
    policies: Arc<RwLock<Arc<InForce>>>,
    publisher: Arc<Publisher>,
    throttle: Arc<Throttle>,
    waiting: Arc<Waiting>,
    log: Arc<Log>,
    attachments: Arc<Attachments>,
    channels: Arc<Vec<Channel>>,
}

impl App {
    /// The application over an open store.
    pub fn new(
        store: Arc<Store>,
        shipped: InForce,
        clock: Clock,
        attachments: Attachments,
    ) -> Self {
        Self {
            store,
            clock,
            policies: Arc::new(RwLock::new(Arc::new(shipped.clone()))),
            publisher: Arc::new(Publisher {
                shipped,
                trusted: TrustedKeys::default(),
            }),
            throttle: Arc::new(Throttle::default()),
            waiting: Arc::default(),
            log: Arc::default(),
            attachments: Arc::new(attachments),
            channels: Arc::default(),
        }
    }

    /// The same, with places where alarms go.
    pub fn with_channels(mut self, channels: Vec<Channel>) -> Self {
        self.channels = Arc::new(channels);
        self
    }

    /// The same, where packs that are signed with one of these keys count.
    pub fn with_policy_keys(mut self, trusted: TrustedKeys) -> Self {
        self.publisher = Arc::new(Publisher {
            shipped: self.publisher.shipped.clone(),
            trusted,
        });
        self
    }

    /// The policies that are in force now.
    fn policies(&self) -> Arc<InForce> {
        let policies = self.policies.read();
        Arc::clone(&policies.unwrap_or_else(PoisonError::into_inner))
    }

    fn publisher(&self) -> Arc<Publisher> {
        Arc::clone(&self.publisher)
    }

    /// Takes over what was published; says how often something was.
    fn load_policies(&self) -> Result<u32, PublishError> {
        let (policies, count) = self.store.write(|tx| {
            let (policies, count) = self.publisher.in_force(tx)?;
            tx.keep_policies(&policies.hash, policies.text())?;
            Ok::<_, PublishError>((policies, count))
        })?;
        let mut now = self
            .policies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(policies);
        Ok(count)
    }

    /// Brings the books up to this version: keeps its policies, and judges what waited for it.
    ///
    /// # Errors
    /// Where a published pack can't be trusted, or the store fails.
    pub async fn make_ready(&self) -> Result<(), PublishError> {
        let app = self.clone();
        let now = self.clock.now();
        let judged = aside(move || {
            app.load_policies()?;
            let policies = app.policies();
            app.store
                .write(|tx| Ok::<_, PublishError>(judge_what_waited(tx, &policies, now)?))
        })
        .await?;
        if judged > 0 {
            tracing::info!(judged, "actions that waited for this version were judged");
        }
        Ok(())
    }

    /// Whose server this is.
    pub fn tenant(&self) -> &Tenant {
        self.store.tenant()
    }

    /// Signs the head of the log as it is now.
    pub fn publish_head(&self) -> Result<crate::store::HeadRow, StoreError> {
        let now = self.clock.now();
        self.store.write(|tx| self.log.publish(tx, now))
    }

    /// Reads from the store, off the async threads.
    async fn read<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, ApiError> + Send + 'static,
    {
        self.store.read_aside(work).await
    }

    /// Writes to the store, off the async threads.
    async fn write<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, ApiError> + Send + 'static,
    {
        self.store.write_aside(work).await
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Doorstep",
        description = "The console's API, enrolment and the devices' exchange. Errors carry a stable `code`.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(doorstep_protocol::exchange::ErrorResponse)),
    modifiers(&WhoAsks),
    // Where an endpoint says nothing else, a person who is signed in to the console.
    security(("session" = []))
)]
struct Document;

/// Names the two ways to say who asks.
struct WhoAsks;

impl utoipa::Modify for WhoAsks {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{
            ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme,
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE))),
        );
        components.add_security_scheme(
            "device",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    }
}

/// The largest file of accounts that an import takes.
const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;
const REQUEST_SECONDS_MAX: u64 = 120;

fn documented() -> OpenApiRouter<App> {
    let imports = OpenApiRouter::new()
        .routes(documented_routes!(imports::import_accounts))
        .layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(documented_routes!(
            session::sign_in,
            session::who_am_i,
            session::sign_out
        ))
        .routes(documented_routes!(people::list_people))
        .routes(documented_routes!(people::make_enrol_code))
        .routes(documented_routes!(cases::list_cases))
        .routes(documented_routes!(cases::read_case))
        .routes(documented_routes!(cases::set_fact))
        .routes(documented_routes!(cases::add_note))
        .routes(documented_routes!(cases::post_payment))
        .routes(documented_routes!(check::check))
        .routes(documented_routes!(evidence::read))
        .routes(documented_routes!(payments::post_payments))
        .routes(documented_routes!(plans::void_plan))
        .routes(documented_routes!(plans::break_plan))
        .routes(documented_routes!(plans::counter_plan))
        .routes(documented_routes!(plans::accept_counter))
        .routes(documented_routes!(plans::tell_of_plan))
        .routes(documented_routes!(complaints::list))
        .routes(documented_routes!(complaints::raise))
        .routes(documented_routes!(complaints::grade))
        .routes(documented_routes!(complaints::answer))
        .routes(documented_routes!(protections::raise_flag))
        .routes(documented_routes!(protections::review_flag))
        .routes(documented_routes!(protections::clear_flag))
        .routes(documented_routes!(protections::raise_stop))
        .routes(documented_routes!(protections::lift_stop))
        .routes(documented_routes!(routes::read_route, routes::set_route))
        .routes(documented_routes!(inbox::inbox))
        .routes(documented_routes!(inbox::decide))
        .routes(documented_routes!(activity::activity))
        .routes(documented_routes!(devices::enrol))
        .routes(documented_routes!(devices::renew_token))
        .routes(documented_routes!(devices::list_devices))
        .routes(documented_routes!(devices::set_state))
        .routes(documented_routes!(handover::hand_over))
        .routes(documented_routes!(handover::hand_over_evidence))
        .routes(documented_routes!(duties::list, duties::add))
        .routes(documented_routes!(duties::end))
        .routes(documented_routes!(duties::hand_over))
        .routes(documented_routes!(alarms::raise, alarms::list))
        .routes(documented_routes!(alarms::acknowledge))
        .routes(documented_routes!(alarms::close))
        .routes(documented_routes!(policies::in_force))
        .routes(documented_routes!(known::known))
        .routes(documented_routes!(lifts::liftable))
        .routes(documented_routes!(lifts::lift))
        .routes(documented_routes!(lifts::team_keys))
        .routes(documented_routes!(lifts::take_given))
        .routes(documented_routes!(bulk::stop_register))
        .routes(documented_routes!(bulk::stand_down))
        .routes(documented_routes!(proofs::head))
        .routes(documented_routes!(proofs::inclusion))
        .routes(documented_routes!(proofs::consistency))
        .routes(documented_routes!(sync::sync))
        .routes(documented_routes!(sync::snapshot))
        .routes(documented_routes!(sync::news))
        .layer(DefaultBodyLimit::max(PUSH_BYTES_MAX))
        .merge(imports)
        .merge(uploads::routes())
}

/// The OpenAPI document, as JSON text.
pub fn openapi_json() -> serde_json::Result<String> {
    with_errors(documented().into_openapi()).to_pretty_json()
}

/// Every endpoint may answer with an error: the shape is the same, whatever its status.
fn with_errors(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
    let error = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorResponse")))
        .build();
    let response = ResponseBuilder::new()
        .description("What went wrong: a stable `code`, and words without anybody's data.")
        .content("application/json", error)
        .build();
    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.delete,
            &mut path.patch,
            &mut path.head,
            &mut path.options,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses
                .entry("default".to_owned())
                .or_insert_with(|| response.clone().into());
        }
    }
    document
}

/// The whole application: API, OpenAPI document, health, and the console's pages.
pub fn router(app: App) -> Router {
    let (api, document) = documented().split_for_parts();
    let document = with_errors(document);
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    api.route(
        "/v1/openapi.json",
        axum::routing::get(|| async { axum::Json(document) }),
    )
    .route("/healthz", axum::routing::get(|| async { "ok" }))
    .fallback(interface::page)
    .with_state(app)
    .layer(TimeoutLayer::with_status_code(
        axum::http::StatusCode::SERVICE_UNAVAILABLE,
        Duration::from_secs(REQUEST_SECONDS_MAX),
    ))
    .layer(RequestDecompressionLayer::new())
    .layer(CompressionLayer::new())
    .layer(header("x-content-type-options", "nosniff"))
    .layer(header("x-frame-options", "DENY"))
    .layer(header("referrer-policy", "no-referrer"))
    .layer(header("cache-control", "no-store"))
    .layer(TraceLayer::new_for_http().make_span_with(span))
}

/// A span names the route, never the path: a path may carry an id.
fn span(request: &axum::http::Request<axum::body::Body>) -> tracing::Span {
    let route = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map_or("page", axum::extract::MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}
