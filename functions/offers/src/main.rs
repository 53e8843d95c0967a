//! `offers` as a Lambda function.

#[tokio::main]
async fn main() -> Result<(), web::lambda::StartError> {
    web::lambda::serve("offers", offers::router).await
}
