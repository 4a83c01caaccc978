"""Plausible names of assets, by kind."""

PROGRAM_NAMES = (
    *("Webinar 2026-02 Reporting", "Trade Show Hannover", "Newsletter", "Content Hub"),
    *("Roadshow London", "Onboarding Nurture", "Paid Search DACH", "Customer Day"),
    *("Win-back Nurture", "Product Launch Spring"),
)
CAMPAIGN_NAMES = (
    *("Send email 1", "Score web visit", "Fill-out form", "Add to nurture", "Sync to sales"),
    *("Send email 2", "Mark as MQL", "Registration confirmation", "Reminder", "Data cleaning"),
    *("Send email 3", "Unsubscribe", "Score email click", "Follow-up attended", "Recycle"),
)
STATIC_LIST_NAMES = ("Import trade show", "Test recipients", "Partners", "Beta users")
SMART_LIST_NAMES = ("Opened in the last 30 days", "Customers in Europe", "MQL without owner")
EMAIL_NAMES = ("Webinar invitation", "Webinar reminder", "Product update", "Thank you")
TEMPLATE_NAMES = ("Basic one column", "Newsletter two columns", "Event invitation", "Plain text")
LANDING_PAGE_NAMES = ("Home", "Pricing", "Demo request", "Webinar registration", "Thank you")
FORM_NAMES = ("Webinar registration", "Newsletter subscription", "Guide download", "Demo request")
FOLDER_NAMES = ("Marketing Activities", "Events", "Emails", "Nurture", "Templates", "Archive")
SEGMENTATION_NAMES = ("Region", "Industry", "Company size", "Language")
