"""What was deployed, damaged in one place after another.

A comparison that finds nothing is worth nothing before it has found these.
"""

import json

from . import found
from .wrong import Wrong, expect


def smaller_memory(stack, ids):
    stack.emulator.client("lambda").update_function_configuration(FunctionName=ids["OffersFunction"], MemorySize=256)
    return "OffersFunction, MemorySize"


def shorter_time(stack, ids):
    stack.emulator.client("lambda").update_function_configuration(FunctionName=ids["AdminFunction"], Timeout=3)
    return "AdminFunction, Timeout"


def another_table(stack, ids):
    client = stack.emulator.client("lambda")
    told = client.get_function_configuration(FunctionName=ids["PurchasesFunction"])["Environment"]
    told["Variables"]["LEDGER_TABLE"] = ids["Shops"]
    client.update_function_configuration(FunctionName=ids["PurchasesFunction"], Environment=told)
    return "PurchasesFunction, Environment"


def no_stream(stack, ids):
    stack.emulator.client("dynamodb").update_table(TableName=ids["Ledger"], StreamSpecification={"StreamEnabled": False})
    return "Ledger, StreamSpecification"


def no_index(stack, ids):
    change = [{"Delete": {"IndexName": "audience"}}]
    stack.emulator.client("dynamodb").update_table(TableName=ids["Customers"], GlobalSecondaryIndexUpdates=change)
    return "Customers, GlobalSecondaryIndexes"


def a_table_too_many(stack, _):
    key = [{"AttributeName": "pk", "AttributeType": "S"}], [{"AttributeName": "pk", "KeyType": "HASH"}]
    stack.emulator.client("dynamodb").create_table(
        TableName="Fourth", AttributeDefinitions=key[0], KeySchema=key[1], BillingMode="PAY_PER_REQUEST"
    )
    return "AWS::DynamoDB::Table: Fourth is in no template"


def a_route_less(stack, ids):
    _drop_route(stack, ids, "POST /v1/redemptions")
    return "route POST /v1/redemptions goes to None"


def a_route_astray(stack, ids):
    gateway, api = stack.emulator.client("apigatewayv2"), ids["Api"]
    _drop_route(stack, ids, "POST /v1/orders")
    targets = {route["RouteKey"]: route["Target"] for route in gateway.get_routes(ApiId=api)["Items"]}
    gateway.create_route(ApiId=api, RouteKey="POST /v1/orders", Target=targets["POST /v1/offers"])
    return f"route POST /v1/orders goes to {ids['OffersFunction']}"


def _drop_route(stack, ids, key):
    gateway, api = stack.emulator.client("apigatewayv2"), ids["Api"]
    route_ids = {route["RouteKey"]: route["RouteId"] for route in gateway.get_routes(ApiId=api)["Items"]}
    gateway.delete_route(ApiId=api, RouteId=route_ids[key])


def _schedule(stack, ids, **changes):
    scheduler, name = stack.emulator.client("scheduler"), ids["ResegmentFunctionHourly"]
    told = scheduler.get_schedule(Name=name)
    kept = {key: told[key] for key in ["Name", "Description", "FlexibleTimeWindow", "ScheduleExpression", "Target"]}
    scheduler.update_schedule(**{**kept, **changes})


def another_hour(stack, ids):
    _schedule(stack, ids, ScheduleExpression="cron(0 3 * * ? *)")
    return "ResegmentFunctionHourly, ScheduleExpression"


def another_input(stack, ids):
    target = stack.emulator.client("scheduler").get_schedule(Name=ids["ResegmentFunctionHourly"])["Target"]
    _schedule(stack, ids, ScheduleExpression="cron(0 3 * * ? *)", Target={**target, "Input": "{}"})
    return "ResegmentFunctionHourly, Target"


def another_definition(stack, ids):
    machines, arn = stack.emulator.client("stepfunctions"), ids["RunStateMachine"]
    told = json.loads(machines.describe_state_machine(stateMachineArn=arn)["definition"])
    told["TimeoutSeconds"] = 60
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(told))
    return "RunStateMachine, Definition"


def more_rights(stack, ids):
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    stack.emulator.client("iam").put_role_policy(
        RoleName=ids["OffersFunctionRole"], PolicyName="more", PolicyDocument=json.dumps(may)
    )
    return "OffersFunctionRole, Policies"


def a_permission_less(stack, ids):
    stack.emulator.client("lambda").remove_permission(
        FunctionName=ids["OffersFunction"], StatementId=ids["OffersFunctionGetOffersPermission"]
    )
    return "OffersFunctionGetOffersPermission"


def logs_for_good(stack, ids):
    stack.emulator.client("logs").delete_retention_policy(logGroupName=ids["OffersLogs"])
    return "OffersLogs, RetentionInDays"


FAULTS = [
    smaller_memory,
    shorter_time,
    another_table,
    no_stream,
    no_index,
    a_table_too_many,
    a_route_less,
    a_route_astray,
    another_hour,
    another_input,
    another_definition,
    more_rights,
    a_permission_less,
    logs_for_good,
]


def a_right_less(stack, api):
    """A function may do what its role's statements say and no more: the emulator refuses the rest, as AWS does."""
    iam, role = stack.emulator.client("iam"), stack.ids()["OffersFunctionRole"]
    asked = "checkout", "GET", "/v1/customers/c-1/segment"
    expect("a lookup", api.call(*asked).status, 200)
    [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    table = f"table/{stack.ids()['Customers']}"
    [statement] = [told for told in policy["Statement"] if str(told["Resource"]).endswith(table)]
    statement["Action"] = [action for action in statement["Action"] if action != "dynamodb:GetItem"]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))
    expect("a lookup of a function that may not read customers", api.call(*asked).status, 500)


def check(stack, api):
    """Each is found, as what it is. It comes last: what is damaged stays so."""
    a_right_less(stack, api)
    ids, before = stack.ids(), found.differences(stack)[0]
    for fault in FAULTS:
        says = fault(stack, ids)
        after = found.differences(stack)[0]
        told = [difference for difference in after if difference not in before and says in difference]
        if not told:
            raise Wrong(f"the fault `{fault.__name__}` was not found: nothing says {says}")
        print(f"found          {fault.__name__.replace('_', ' ')}: {' '.join(told[0].split())[:110]}", flush=True)
        before = after
