"""Headers: every tool's own names lead to the right column, and no header leads to two."""

from __future__ import annotations

import pytest

from schemas.catalog import TABLES

# What each tool writes, and behind the arrow the column that it becomes; nothing behind it: ignored.
TOOLS = {
    "customers, Partner Center screen": """
        Microsoft ID > customer_id
        Company name > company_name
        Primary domain name > domain
        Relationship > relationship
        Tags > tags
    """,
    "customers, PowerShell": """
        CustomerId > customer_id
        Name > company_name
        Domain > domain
        RelationshipToPartner > relationship
        CommerceId >
        AssociatedPartnerId > reseller_id
        AllowDelegatedAccess >
        BillingProfile >
    """,
    "customers, migration tool": """
        TenantId > customer_id
        Domain > domain
        CompanyName > company_name
    """,
    "subscriptions, PowerShell": """
        CustomerTenantId > customer_id
        Actions >
        AutoRenewEnabled > auto_renew_enabled
        BillingCycle > billing_cycle
        BillingType >
        CommitmentEndDate > commitment_end_date
        ContractType >
        CreationDate > creation_date
        EffectiveStartDate > effective_start_date
        EntitlementId >
        FriendlyName >
        HasPurchasableAddons >
        IsTrial > is_trial
        OfferId > offer_id
        OfferName > offer_name
        ParentSubscriptionId > parent_subscription_id
        PartnerId > reseller_id
        Quantity > quantity
        SubscriptionId > subscription_id
        Status > status
        SuspensionReasons >
        UnitType >
    """,
    "subscriptions, PowerShell with the script's other name": """
        CustomerId > customer_id
        SubscriptionId > subscription_id
    """,
    "subscriptions, migration tool": """
        PartnerTenantId > partner_tenant_id
        IndirectResellerMpnId > reseller_id
        CustomerName >
        CustomerTenantId > customer_id
        SubscriptionId > subscription_id
        SubscriptionName >
        ProductName > offer_name
        ExpirationDate > commitment_end_date
        Psa >
        Term > term_duration
        BillingPlan > billing_cycle
        SeatCount > quantity
        MigratedFromSubscriptionId > migrated_from_subscription_id
    """,
    "subscriptions, Insights": """
        SubscriptionId > subscription_id
        SubscriptionStartDate > effective_start_date
        SubscriptionEndDate > commitment_end_date
        SubscriptionState > status
        IsAutoRenew > auto_renew_enabled
        CustomerName >
        CustomerTenantId > customer_id
        CustomerMarket >
        CustomerSegment >
        ProductName > offer_name
        SKU >
        ResellerID > reseller_id
        AvailableSeats > quantity
    """,
    "qualifications, API script": """
        CustomerTenantId > customer_id
        Qualification > qualification
        VettingStatus > vetting_status
        VettingReason > vetting_reason
        VettingCreateDate > vetting_create_date
    """,
    "qualifications, the other spelling": """
        VettingCreatedDate > vetting_create_date
    """,
    "price_list, new commerce": """
        ChangeIndicator >
        ProductTitle > product_title
        ProductId > product_id
        SkuId > sku_id
        SkuTitle > sku_title
        Publisher >
        SkuDescription >
        UnitOfMeasure >
        TermDuration > term_duration
        BillingPlan > billing_plan
        Market > market
        Currency > currency
        UnitPrice > unit_price
        PricingTierRangeMin >
        PricingTierRangeMax >
        EffectiveStartDate > effective_start_date
        EffectiveEndDate > effective_end_date
        Tags > tags
        ERP Price > erp_price
        Segment > segment
        PreviousValues >
    """,
    "price_list, legacy": """
        A/C/D/U >
        Valid-From Date > effective_start_date
        Valid To Date > effective_end_date
        Offer Display Name > sku_title
        Offer ID > offer_id
        License Agreement Type > segment
        Purchase Unit >
        Secondary License Type >
        End Customer Type >
        List Price > unit_price
        ERP Price > erp_price
    """,
}


def matched(tool: str) -> dict[str, str]:
    table = TABLES[tool.split(",", maxsplit=1)[0]]
    headers = [line.split(">")[0].strip() for line in TOOLS[tool].strip().splitlines()]
    return {header: column.name if (column := table.match(header)) else "" for header in headers}


@pytest.mark.parametrize("tool", TOOLS)
def test_headers_of_each_tool_become_the_right_columns(tool: str) -> None:
    lines = [line.split(">") for line in TOOLS[tool].strip().splitlines()]
    assert matched(tool) == {header.strip(): column.strip() for header, column in lines}


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_has_two_headers_for_one_column(tool: str) -> None:
    columns = [column for column in matched(tool).values() if column]
    assert len(columns) == len(set(columns))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_header_leads_to_its_own_column_however_it_is_spelled(table) -> None:  # noqa: ANN001 - a Table
    for column in table.columns:
        for header in (column.name, *column.aliases):
            spaced = header.replace("_", " ")
            for spelling in (header.upper(), header.lower(), spaced, spaced.replace(" ", "-"), f" {header} "):
                assert table.match(spelling) is column, spelling


@pytest.mark.parametrize("header", ["", "company", "Nazwa", "customer.id", "customer_id2"])
def test_unknown_header_leads_to_no_column(header: str) -> None:
    assert TABLES["customers"].match(header) is None


def test_company_size_of_insights_is_never_taken_for_the_segment() -> None:
    assert TABLES["subscriptions"].match("CustomerSegment") is None
    assert TABLES["subscriptions"].match("Segment").name == "segment"  # type: ignore[union-attr]
