const dark=matchMedia('(prefers-color-scheme: dark)'),follow=()=>document.body.dataset.jpThemeLight=dark.matches?'false':'true';follow();dark.addEventListener('change',follow)
