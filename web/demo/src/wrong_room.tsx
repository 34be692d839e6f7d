export function WrongRoom() {
  return (
    <main className="wrong-room">
      <h1>There is no such room</h1>
      <p className="soft">
        A room&apos;s name has letters, digits, hyphens and underscores, begins and ends with a letter
        or a digit, and has at most 64 characters.
      </p>
      <a className="button button-primary" href="/demo">Take a new room</a>
    </main>
  );
}
