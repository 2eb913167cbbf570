//! A network cable between a device and a server: real TCP, cut and mended by hand, as long as
//! wished, and it counts what goes up.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// A cable that forwards to a server while it is whole.
#[derive(Clone)]
pub struct Cable {
    address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    far: Arc<watch::Sender<SocketAddr>>,
    delay: Arc<watch::Sender<Duration>>,
    requests: Arc<AtomicU64>,
}

impl Cable {
    /// Lays a cable to `server`; its near end is a free port on this machine.
    pub async fn lay(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let cable = Self {
            address: listener.local_addr()?,
            whole: Arc::new(watch::channel(true).0),
            far: Arc::new(watch::channel(server).0),
            delay: Arc::new(watch::channel(Duration::ZERO).0),
            requests: Arc::default(),
        };
        let laid = cable.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(laid.clone().forward(near));
            }
        });
        Ok(cable)
    }

    /// The near end, as a web address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plugs the far end into another server; connections that are open stay where they are.
    pub fn plug_into(&self, server: SocketAddr) {
        self.far.send_replace(server);
    }

    /// Cuts the cable: open connections break, new ones are dropped.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends the cable.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }

    /// Makes the cable so long that a question and its answer take this much longer.
    pub fn add_round_trip(&self, time: Duration) {
        self.delay.send_replace(time / 2);
    }

    /// Breaks the connections that are open, and no later ones: a change of length counts from now on.
    pub async fn renew(&self) {
        self.cut();
        tokio::time::sleep(NOTICE).await;
        self.mend();
    }

    /// How many HTTP requests have gone up.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn forward(self, near: TcpStream) {
        let mut whole = self.whole.subscribe();
        if !*whole.borrow() {
            return;
        }
        // A connection costs a round trip before the first byte.
        let delay = *self.delay.borrow();
        tokio::time::sleep(delay * 2).await;
        let server = *self.far.borrow();
        let Ok(far) = TcpStream::connect(server).await else {
            return;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        let count = |bytes: &[u8]| {
            let heads = bytes.windows(REQUEST_LINE_END.len());
            let found = heads.filter(|window| *window == REQUEST_LINE_END).count();
            self.requests.fetch_add(found as u64, Ordering::Relaxed);
        };
        tokio::select! {
            _ = carry(near_in, far_out, delay, count) => {}
            _ = carry(far_in, near_out, delay, |_| {}) => {}
            _ = whole.wait_for(|whole| !whole) => {}
        }
    }
}

/// Long enough for both ends to notice a cut.
const NOTICE: Duration = Duration::from_millis(100);
/// What ends the first line of a request, and is in no compressed body that we send.
const REQUEST_LINE_END: &[u8] = b" HTTP/1.1\r\n";
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces under way in a long cable.
const PIECES_AHEAD: usize = 1024;

/// Carries bytes one way, each piece `delay` after it came.
async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    delay: Duration,
    look: impl Fn(&[u8]),
) -> io::Result<()> {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_AHEAD);
    let put_in = async {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = from.read(&mut piece).await?;
            let bytes = piece.get(..read).unwrap_or_default();
            look(bytes);
            if read == 0 || sender.send((Instant::now(), bytes.to_vec())).await.is_err() {
                drop(sender);
                return Ok(());
            }
        }
    };
    let take_out = async {
        while let Some((came, bytes)) = under_way.recv().await {
            tokio::time::sleep_until(came + delay).await;
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(put_in, take_out).map(drop)
}
