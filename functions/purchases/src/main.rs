//! `purchases` as a Lambda function.

#[tokio::main]
async fn main() -> Result<(), web::lambda::StartError> {
    web::lambda::serve(purchases::router).await
}
