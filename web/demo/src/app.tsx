import { Mark } from "../../shared/icon";
import { ThemeToggle } from "../../shared/theme_toggle";
import { BoardCard } from "./board/board_card";
import { ClosedNotice } from "./closed_notice";
import { TextCard } from "./editor/text_card";
import { FeedCard } from "./feed/feed_card";
import { FlyingReactions } from "./feed/flying_reactions";
import { PeopleStrip } from "./people/people_strip";
import { PointerLayer, useSharedPointer } from "./people/pointer_layer";
import type { Session } from "./session";
import { ShareButtons } from "./share_buttons";
import { StatusBadge } from "./status_badge";
import { TodoCard } from "./todo/todo_card";
import { SessionProvider } from "./use_room";

export function App({ session }: { session: Session }) {
  return (
    <SessionProvider value={session}>
      <Page roomName={session.room.name} />
    </SessionProvider>
  );
}

function Page({ roomName }: { roomName: string }) {
  useSharedPointer();
  return (
    <>
      <header className="bar">
        <a className="wordmark" href="/" aria-label="pluv, start page"><Mark />pluv</a>
        <StatusBadge />
        <span className="push" />
        <PeopleStrip />
        <ThemeToggle />
      </header>
      <main data-area="page">
        <div className="room-head">
          <div>
            <h1>{roomName}</h1>
            <p className="soft">
              Everything here is shared with whoever has the link. Open it twice, and watch.
            </p>
          </div>
          <ShareButtons />
        </div>
        <ClosedNotice />
        <div className="grid">
          <TextCard />
          <TodoCard />
          <BoardCard />
          <FeedCard />
        </div>
        <PointerLayer />
      </main>
      <FlyingReactions />
    </>
  );
}
