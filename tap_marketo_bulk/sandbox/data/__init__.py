"""The data of the sandbox: lead fields, activity types, leads, activities, assets."""
