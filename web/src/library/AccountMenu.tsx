import * as Ariakit from "@ariakit/react";
import { useQuery } from "@tanstack/react-query";
import { Check, CircleUserRound, Code, LogIn, LogOut } from "lucide-react";
import type { ComponentProps } from "react";
import { expectSession, signInOptions, signOut } from "../api/session";
import type { ViewerQuery } from "../generated/graphql";
import { texts } from "../texts";
import { formatBytes } from "../ui/format";
import { useStore } from "../ui/store";
import { setTheme, type Theme, theme } from "../ui/theme";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function AccountMenu({ viewer }: { viewer: ViewerQuery["viewer"] | undefined }) {
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
        <Ariakit.MenuItem className="menu-item" onClick={() => void signOut()}>
          <LogOut aria-hidden="true" />
          {viewer?.kind === "GUEST" ? texts.account.signOutGuest : texts.account.signOut}
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

function Usage({ viewer }: { viewer: ViewerQuery["viewer"] }) {
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
