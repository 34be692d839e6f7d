// Keeps a mistake in one part of the page to that part: it says what happened, and tries again when
// it is told to.

import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  what: string; // "The document"
  children: ReactNode;
}

interface ErrorBoundaryState {
  problem: string | undefined;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { problem: undefined };

  static getDerivedStateFromError(caught: unknown): ErrorBoundaryState {
    return { problem: String(caught) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (problem === undefined) return this.props.children;
    return (
      <div className="empty" role="alert">
        <p className="note-title">{this.props.what} cannot be shown</p>
        <p>{problem}</p>
        <p>
          <button
            type="button"
            className="button small"
            onClick={() => this.setState({ problem: undefined })}
          >
            Try again
          </button>
        </p>
      </div>
    );
  }
}
