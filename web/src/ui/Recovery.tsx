import { Component, type ReactNode } from "react";
import { texts } from "../texts";

/** Says so in words when a part of the page has broken, and offers the way back. */
export class Recovery extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) {
      return this.props.children;
    }
    return (
      <main className="notice">
        <h1>{texts.errors.crashed}</h1>
        <button type="button" className="button primary" onClick={() => window.location.reload()}>
          {texts.errors.reload}
        </button>
      </main>
    );
  }
}
