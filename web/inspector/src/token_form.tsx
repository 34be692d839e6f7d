// Asks for the admin token when pluvd wants one.

import { type FormEvent, useId, useState } from "react";
import { offerToken } from "./access";
import { useTitle } from "./parts/use_title";

export function TokenForm({ rejected }: { rejected: boolean }) {
  useTitle("Token");
  const id = useId();
  const [token, setToken] = useState("");
  const offer = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) offerToken(token.trim());
  };
  return (
    <form className="card token-form" onSubmit={offer}>
      <h1>Admin token</h1>
      <p>This pluvd shows its inspector to those who have its admin token.</p>
      <label className="label" htmlFor={id}>
        Token
      </label>
      <input
        id={id}
        type="password"
        className="field code"
        autoFocus
        autoComplete="current-password"
        value={token}
        aria-invalid={rejected}
        aria-describedby={`${id}more`}
        onChange={(event) => setToken(event.target.value)}
      />
      <p className="field-problem" role="alert">
        {rejected && "pluvd did not accept that token."}
      </p>
      <button type="submit" className="button button-primary" disabled={!token.trim()}>
        Open the inspector
      </button>
      <p className="soft" id={`${id}more`}>
        It is what <code>--admin-token</code> was set to. This tab keeps it until it is closed.
      </p>
    </form>
  );
}
