{% include "drf_spectacular/swagger_ui.js" %}

// Swagger UI has a dark theme, which only its class switches on.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followTheme);
followTheme();
