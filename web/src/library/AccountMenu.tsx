import * as Ariakit from "@ariakit/react";
import { useQuery } from "@tanstack/react-query";
import { Check, CircleUserRound, Code, KeyRound, LogIn, LogOut } from "lucide-react";
import { type ComponentProps, lazy, Suspense, useEffect, useState } from "react";
import { filesOfGuest } from "../api/recovery";
import { expectSession, SIGN_OUT, signInOptions, signOut } from "../api/session";
import type { ViewerQuery } from "../generated/graphql";
import { texts } from "../texts";
import { formatBytes } from "../ui/format";
import { useStore } from "../ui/store";
import { setTheme, type Theme, theme } from "../ui/theme";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

const RecoveryDialog = lazy(() => import("./RecoveryDialog"));
const SignOutDialog = lazy(() => import("./SignOutDialog"));

type Asking = { about: "recovery" } | { about: "signing out"; files: number | null };
type Viewer = ViewerQuery["viewer"];

export function AccountMenu({ viewer }: { viewer: Viewer | undefined }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const leave = async () => {
    const files = viewer && viewer.kind !== "GUEST" ? 0 : await filesOfGuest();
    if (files === 0) await signOut();
    else setAsking({ about: "signing out", files });
  };
  useSignOutByAddress(() => void leave());
  const close = () => setAsking(null);
  return (
    <>
      <Menu
        viewer={viewer}
        onRecovery={() => setAsking({ about: "recovery" })}
        onLeave={() => void leave()}
      />
      <Suspense>
        {asking?.about === "recovery" && <RecoveryDialog onClose={close} />}
        {asking?.about === "signing out" && (
          <SignOutDialog files={asking.files} onClose={close} onLeave={() => void signOut()} />
        )}
      </Suspense>
    </>
  );
}

/** Other pages of this server sign out by opening this one at ``#sign-out``: it asks a guest first. */
function useSignOutByAddress(leave: () => void) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page has opened
  useEffect(() => {
    if (window.location.hash !== SIGN_OUT) return;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    leave();
  }, []);
}

type MenuProps = { viewer: Viewer | undefined; onRecovery: () => void; onLeave: () => void };

function Menu({ viewer, onRecovery, onLeave }: MenuProps) {
  const chosen = useStore(theme);
  return (
    <Ariakit.MenuProvider placement="bottom-end">
      <Ariakit.MenuButton className="icon-button" aria-label={texts.account.menu}>
        <CircleUserRound aria-hidden="true" />
      </Ariakit.MenuButton>
      <Ariakit.Menu className="menu" gutter={6} portal preserveTabOrder={false} unmountOnHide>
        {viewer && <Usage viewer={viewer} />}
        <Ariakit.MenuGroup>
          <Ariakit.MenuGroupLabel className="menu-label">
            {texts.account.theme}
          </Ariakit.MenuGroupLabel>
          {THEMES.map((one) => (
            <Ariakit.MenuItem
              key={one}
              className="menu-item"
              role="menuitemradio"
              aria-checked={one === chosen}
              hideOnClick={false}
              onClick={() => setTheme(one)}
            >
              {texts.account.themes[one]}
              {one === chosen && <Check aria-hidden="true" className="menu-check" />}
            </Ariakit.MenuItem>
          ))}
        </Ariakit.MenuGroup>
        <Ariakit.MenuSeparator className="menu-separator" />
        <Ariakit.MenuItem className="menu-item" render={<Link />}>
          <Code aria-hidden="true" />
          {texts.account.api}
        </Ariakit.MenuItem>
        {viewer?.kind === "GUEST" && <KeepFiles />}
        {viewer?.kind === "GUEST" && (
          <Ariakit.MenuItem className="menu-item" onClick={onRecovery}>
            <KeyRound aria-hidden="true" />
            {texts.account.recovery}
          </Ariakit.MenuItem>
        )}
        <Ariakit.MenuItem className="menu-item" onClick={onLeave}>
          <LogOut aria-hidden="true" />
          {texts.account.signOut}
        </Ariakit.MenuItem>
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  );
}

/** A guest who signs in becomes a user and keeps everything. */
function KeepFiles() {
  const { data: options } = useQuery({ queryKey: ["sign-in"], queryFn: signInOptions });
  const oidc = options?.oidc;
  return (
    oidc && (
      <Ariakit.MenuItem
        className="menu-item"
        onClick={() => {
          expectSession();
          window.location.assign(oidc.url);
        }}
      >
        <LogIn aria-hidden="true" />
        {texts.account.keepFiles(oidc.name)}
      </Ariakit.MenuItem>
    )
  );
}

function Link(props: ComponentProps<"a">) {
  return <a {...props} href="/graphql" />;
}

const KINDS = {
  GUEST: texts.account.guest,
  USER: texts.account.user,
  ADMINISTRATOR: texts.account.administrator,
};

function Usage({ viewer }: { viewer: Viewer }) {
  const quota = viewer.quotaBytes ?? null;
  return (
    <div className="menu-usage">
      <strong>{viewer.name ?? viewer.email ?? (viewer.kind ? KINDS[viewer.kind] : "")}</strong>
      <span>
        {texts.grid.total(viewer.filesCount)} ·{" "}
        {texts.account.used(
          formatBytes(viewer.bytesUsed),
          quota === null ? null : formatBytes(quota),
        )}
      </span>
      {quota !== null && <progress max={quota} value={viewer.bytesUsed} aria-hidden="true" />}
    </div>
  );
}
