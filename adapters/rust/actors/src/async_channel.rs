/// Implements [`Sender`](crate::runtime::Sender) and [`Receiver`](crate::runtime::Receiver) for a crate
/// with the interface of `async-channel`, of which runtimes have different major versions.
///
/// Defines `ChannelSender`, `ChannelReceiver` and `fn channel(bound)`.
#[macro_export]
macro_rules! async_channel {
    ($channel:path) => {
        use $channel as underlying;

        /// Sends into the runtime's channel.
        pub struct ChannelSender<T>(underlying::Sender<T>);

        impl<T> Clone for ChannelSender<T> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<T: Send + 'static> $crate::runtime::Sender<T> for ChannelSender<T> {
            type Closed = underlying::SendError<T>;

            #[inline]
            fn send(
                &self,
                message: T,
            ) -> impl std::future::Future<Output = Result<(), Self::Closed>> + Send {
                self.0.send(message)
            }

            fn try_send(&self, message: T) -> Result<(), $crate::runtime::Refused<T>> {
                use $crate::runtime::Refused;
                self.0.try_send(message).map_err(|error| match error {
                    underlying::TrySendError::Full(message) => Refused::Full(message),
                    underlying::TrySendError::Closed(message) => Refused::Closed(message),
                })
            }
        }

        /// Receives from the runtime's channel.
        pub struct ChannelReceiver<T>(underlying::Receiver<T>);

        impl<T: Send + 'static> $crate::runtime::Receiver<T> for ChannelReceiver<T> {
            type Answer = Result<T, underlying::RecvError>;

            #[inline]
            fn receive(&mut self) -> impl std::future::Future<Output = Self::Answer> + Send {
                self.0.recv()
            }

            #[inline]
            fn message(answer: Self::Answer) -> Option<T> {
                answer.ok()
            }

            fn try_receive(&mut self) -> Option<T> {
                self.0.try_recv().ok()
            }
        }

        /// The runtime's bounded channel.
        fn channel<T: Send + 'static>(bound: usize) -> (ChannelSender<T>, ChannelReceiver<T>) {
            let (sender, receiver) = underlying::bounded(bound);
            (ChannelSender(sender), ChannelReceiver(receiver))
        }
    };
}
