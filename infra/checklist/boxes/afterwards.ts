import { section } from "../section";

const chapter = "Afterwards";

export const afterwards = [
  section(chapter, "Documents", [
    ["POST-1.1", "API documentation updated", "file or link named in the settings, checked to exist"],
    ["POST-1.2", "User guides updated", "file or link named in the settings, checked to exist"],
    ["POST-1.3", "Admin documentation updated", "file or link named in the settings, checked to exist"],
    ["POST-1.4", "Troubleshooting guides created", "file or link named in the settings, checked to exist"],
  ]),
  section(chapter, "Team", [
    [
      "POST-2.1",
      "Team notified",
      "notification with the report sent to every address of the team, each confirmed by its owner",
    ],
    ["POST-2.2", "New documentation shared", "signed off in the settings"],
    ["POST-2.3", "Training for admin users scheduled", "signed off in the settings"],
    ["POST-2.4", "Support procedures updated", "signed off in the settings"],
  ]),
  section(chapter, "Monitoring", [
    ["POST-3.1", "Dashboard configured", "a resource of the stack"],
    ["POST-3.2", "Alert rules set up", "resources of the stack"],
    ["POST-3.3", "Runbooks created", "one file each, checked to exist"],
    ["POST-3.4", "Regular health checks scheduled", "a systemd timer, active"],
  ]),
  section(chapter, "Backups", [
    ["POST-4.1", "Backups after the deployment work", "newest restorable time is later than the deployment"],
    ["POST-4.2", "Restoration tested", "as PRE-2.4"],
    ["POST-4.3", "Retention policy in force", "as PRE-2.5"],
    ["POST-4.4", "Backup requirements documented", "file or link named in the settings, checked to exist"],
  ]),
] as const;
