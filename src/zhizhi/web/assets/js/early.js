// Said before the first picture, so that nothing moves when the other scripts arrive.
document.documentElement.classList.add("scripted");
