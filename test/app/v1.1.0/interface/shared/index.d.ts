/** What the API and the pages agree on. Types only: nothing here is built or shipped. */
export type Role = "admin" | "user";
export type User = { id: string; email: string; role: Role };
export type Session = { token: string; user: User };

export type Prompt = { id: string; title: string; content: string; is_public: boolean; created_at: string };

export type Connection = {
  id: string;
  name: string;
  provider: string;
  status: string;
  created_at: string;
  last_tested: string | null;
};

export type Failure = { error: { code: string; message: string } };
