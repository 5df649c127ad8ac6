// What each role may: the product's own table, drawn.
import type { JSX } from 'preact';
import { permissions, rightsOf, roles } from '#contract/people.ts';
import { t } from '#hmi/i18n/text.ts';

export function RoleTable(): JSX.Element {
  return (
    <section class="panel">
      <h2>{t('people.roles')}</h2>
      <table class="rights">
        <thead>
          <tr>
            <th scope="col">{t('people.right')}</th>
            {roles.map((role) => (
              <th key={role} scope="col">
                {t(`role.${role}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {permissions.map((permission) => (
            <tr key={permission}>
              <th scope="row">
                {t(`right.${permission}`)}
                <small>{permission}</small>
              </th>
              {roles.map((role) => {
                const may = rightsOf[role].permissions.includes(permission);
                return (
                  <td key={role} aria-label={t(may ? 'value.yes' : 'value.no')}>
                    {may ? '✓' : ''}
                  </td>
                );
              })}
            </tr>
          ))}
          <tr>
            <th scope="row">{t('people.commands')}</th>
            {roles.map((role) => (
              <td key={role}>
                {rightsOf[role].commands.map((each) => t(`role.${each}`)).join(', ')}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </section>
  );
}
