for(const box of document.querySelectorAll('[data-chalkgrad="TOKEN"]')){
  const img=box.querySelector('img');
  if(img){
    const bytes=Uint8Array.from(atob(img.src.split(',')[1]),c=>c.charCodeAt(0));
    box.innerHTML=new TextDecoder().decode(bytes);box.firstElementChild.style.maxWidth='none'
  }
}
