import { randomUUID } from "node:crypto";
import type { Connection } from "@prompt-library/shared";
import type { Query } from "../database.js";
import { Rows } from "./rows.js";

type Row = Connection & { user_id: string; encrypted_config: string };

/** Connections are a file and in no table. */
export const createConnections = (_database: Query) => {
  const file = new Rows<Row>("connections");
  const shown = ({ user_id: _user, encrypted_config: _config, ...connection }: Row): Connection => connection as Connection;

  return {
    async of(userId: string): Promise<Connection[]> {
      return (await file.all()).filter((row) => row.user_id === userId).map(shown);
    },

    async find(userId: string, id: string): Promise<(Connection & { encrypted_config: string }) | undefined> {
      return (await file.all()).find((row) => row.user_id === userId && row.id === id);
    },

    async create(userId: string, name: string, provider: { id: string; identifier: string }, encryptedConfig: string): Promise<Connection> {
      const row = {
        ...{ id: randomUUID(), user_id: userId, name, provider: provider.identifier, provider_id: provider.id },
        ...{ status: "active", created_at: new Date().toISOString(), last_tested: null, encrypted_config: encryptedConfig },
      } as unknown as Row;
      (await file.all()).push(row);
      file.save();
      return shown(row);
    },

    async recordTest(id: string, success: boolean): Promise<void> {
      const row = (await file.all()).find((candidate) => candidate.id === id);
      if (row) Object.assign(row, { last_tested: new Date().toISOString(), status: success ? "active" : "error" });
      file.save();
    },

    async remove(userId: string, id: string): Promise<boolean> {
      const rows = await file.all();
      const index = rows.findIndex((row) => row.user_id === userId && row.id === id);
      if (index === -1) return false;
      rows.splice(index, 1);
      file.save();
      return true;
    },
  };
};
