//! `offers` as a Lambda function.

#[tokio::main]
async fn main() -> Result<(), web::lambda::StartError> {
    web::lambda::serve(offers::router).await
}
