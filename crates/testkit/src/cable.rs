//! A network cable between a device and a server: real TCP, cut and mended by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A cable that forwards to a server while it is whole.
#[derive(Clone)]
pub struct Cable {
    address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    far: Arc<watch::Sender<SocketAddr>>,
}

impl Cable {
    /// Lays a cable to `server`; its near end is a free port on this machine.
    pub async fn lay(server: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (whole, watched) = watch::channel(true);
        let (far, plugged) = watch::channel(server);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let server = *plugged.borrow();
                tokio::spawn(forward(near, server, watched.clone()));
            }
        });
        Ok(Self {
            address,
            whole: Arc::new(whole),
            far: Arc::new(far),
        })
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
}

async fn forward(mut near: TcpStream, server: SocketAddr, mut whole: watch::Receiver<bool>) {
    if !*whole.borrow() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
