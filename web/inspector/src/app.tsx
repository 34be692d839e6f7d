// The frame of the inspector: its head, whether pluvd answers, the page that the address names.

import { useEffect, useRef } from "react";
import { Mark } from "../../shared/icon";
import { ThemeToggle } from "../../shared/theme_toggle";
import { access, forgetToken } from "./access";
import { reachable } from "./api";
import { OverviewPage } from "./overview/overview_page";
import { Announcements } from "./parts/announcements";
import { ErrorBoundary } from "./parts/error_boundary";
import { Link } from "./parts/link";
import { Empty } from "./parts/notes";
import { RoomPage } from "./room/room_page";
import { overviewAddress, routeOf, usePath } from "./route";
import { useStore } from "./store";
import { TokenForm } from "./token_form";

export function App() {
  const { wanted, rejected, token } = useStore(access);
  const path = usePath();
  const main = useFocusOnNewPage(path);
  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header className="bar">
        <Link to={overviewAddress} className="wordmark">
          <Mark />
          pluv <span className="wordmark-part">inspector</span>
        </Link>
        {wanted ? <span className="push" /> : <Connection />}
        {token && !wanted && (
          <button type="button" className="button small" onClick={forgetToken}>
            Forget token
          </button>
        )}
        <ThemeToggle />
      </header>
      <Unreachable />
      <main id="content" ref={main} tabIndex={-1}>
        {wanted ? (
          <TokenForm rejected={rejected} />
        ) : (
          <ErrorBoundary key={path} what="This page">
            <Page path={path} />
          </ErrorBoundary>
        )}
      </main>
      <Announcements />
    </>
  );
}

function Page({ path }: { path: string }) {
  const route = routeOf(path);
  if (route.page === "overview") return <OverviewPage />;
  if (route.page === "room") return <RoomPage key={route.room} room={route.room} />;
  return (
    <>
      <h1 className="visually-hidden">Not found</h1>
      <Empty title="There is no such page">
        <Link to={overviewAddress}>To the rooms</Link>
      </Empty>
    </>
  );
}

// The keyboard goes on in the new page, and screen readers say that there is one.
function useFocusOnNewPage(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}

function Connection() {
  const isReachable = useStore(reachable);
  return (
    <span className={`badge badge-dot push ${isReachable ? "badge-good" : "badge-bad"}`}>
      {isReachable ? "live" : "no answer"}
    </span>
  );
}

function Unreachable() {
  const isReachable = useStore(reachable);
  return (
    <div role="alert">
      {!isReachable && (
        <p className="notice notice-bad banner">pluvd does not answer; trying again.</p>
      )}
    </div>
  );
}
