import { session } from "./api";
import { Link } from "./link";
import { go, usePath } from "./navigation";
import { Connections } from "./pages/connections";
import { Login } from "./pages/login";

export function App() {
  const path = usePath();
  const isSignedIn = session.token() !== null;
  return (
    <>
      <header>
        <strong>Prompt library</strong>
        {isSignedIn && <Link to="/connections">Connections</Link>}
        {isSignedIn && (
          <button
            type="button"
            onClick={() => {
              session.close();
              go("/login");
            }}
          >
            Sign out
          </button>
        )}
      </header>
      <main>{isSignedIn && path !== "/login" ? <Connections /> : <Login />}</main>
    </>
  );
}
