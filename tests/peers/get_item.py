"""One GetItem per invocation, as a Lambda function in Python would do it: boto3, and the runtime's own loop in a few lines."""

import json
import os
import urllib.request

import boto3

api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
client = boto3.client("dynamodb", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"])

while True:
    with urllib.request.urlopen(f"{api}/next") as invocation:
        request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(invocation)
    item = client.get_item(TableName="Customers", Key={"pk": {"S": event["pk"]}, "sk": {"S": event["sk"]}})["Item"]
    answer = json.dumps({"attributes": len(item)}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{api}/{request}/response", data=answer)).close()
