import type { User } from "@prompt-library/shared";
import { session } from "./api";
import { Link } from "./link";
import { go, usePath } from "./navigation";
import { Connections } from "./pages/connections";
import { Login } from "./pages/login";
import { Providers } from "./pages/providers";
import { useData } from "./use-data";

export function App() {
  const path = usePath();
  return session.token() === null || path === "/login" ? (
    <>
      <header>
        <strong>Prompt library</strong>
      </header>
      <main>
        <Login />
      </main>
    </>
  ) : (
    <SignedIn path={path} />
  );
}

function SignedIn({ path }: { path: string }) {
  const { data: user, failure } = useData<User>("/auth/me");
  const isAdmin = user?.role === "admin";
  return (
    <>
      <header>
        <strong>Prompt library</strong>
        <Link to="/connections">Connections</Link>
        {isAdmin && <Link to="/admin/providers">Providers</Link>}
        <button
          type="button"
          onClick={() => {
            session.close();
            go("/login");
          }}
        >
          Sign out
        </button>
      </header>
      <main>
        {failure && <p role="alert">{failure}</p>}
        {user && (!path.startsWith("/admin") ? <Connections /> : isAdmin ? <Providers /> : <p role="alert">Only administrators see this page.</p>)}
      </main>
    </>
  );
}
